"""Records to store in tests."""

from __future__ import annotations

from typing import Any

from core.model import (
    ChatId,
    Decision,
    Millis,
    Permission,
    Policy,
    Question,
    QuestionItem,
    Session,
    SessionId,
    State,
    UserId,
)
from core.states import DecisionKind, DecisionState, PermissionMode, PlanApproval, Strategy

CHAT = ChatId(-1001)
OWNER = UserId(7)
NOW = Millis(1_700_000_000_000)


def session(name: str = "demo", **fields: Any) -> Session:
    values: dict[str, Any] = {
        "id": SessionId(0),
        "project": "shop",
        "task": "add a flag",
        "policy": Policy("claude", PermissionMode.PLAN, PlanApproval.ASK, Strategy.ASK),
        "state": State(),
        "owner": OWNER,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Session(name=name, **{**values, **fields})


def decision(session: SessionId, id: str = "d1", **fields: Any) -> Decision:
    values: dict[str, Any] = {
        "kind": DecisionKind.PLAN,
        "subject": "1",
        "chat": CHAT,
        "state": DecisionState.PENDING,
        "expires_at": Millis(NOW + 1000),
        "created_at": NOW,
    }
    return Decision(id=id, session=session, **{**values, **fields})


def question(session: SessionId, request: str = "q") -> Question:
    return Question(0, session, request, (QuestionItem("a", "Which?"),), {}, "pending", NOW)


def permission(session: SessionId, request: str = "p") -> Permission:
    return Permission(0, session, request, "Bash", "execute", "ls", "ls -la", "pending", NOW)
