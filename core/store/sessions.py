"""Rows of sessions; a name belongs to one session for good."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.model import Policy, Session, SessionId, Spend, State
from core.states import (
    ApprovalExecution,
    ApprovalState,
    ErrorKind,
    Hold,
    Lifecycle,
    PermissionMode,
    PlanApproval,
    Status,
    Strategy,
    WorktreeState,
)
from core.store.rows import Rows, to_json

ADD = """
INSERT INTO session (
    name, project, task, agent, permission_mode, plan_approval, strategy, base, status, lifecycle, approval,
    worktree, execution, hold, plan_version, owner, created_at, updated_at, host, epoch, applied_seq,
    applied_offset, agent_session, alive, turn, activity, result, error, input_tokens, output_tokens,
    cached_tokens, cost_usd, queued
) VALUES (
    :name, :project, :task, :agent, :permission_mode, :plan_approval, :strategy, :base, :status, :lifecycle,
    :approval, :worktree, :execution, :hold, :plan_version, :owner, :created_at, :updated_at, :host, :epoch,
    :applied_seq, :applied_offset, :agent_session, :alive, :turn, :activity, :result, :error, :input_tokens,
    :output_tokens, :cached_tokens, :cost_usd, :queued
)
"""
SAVE = """
UPDATE session SET
    name = :name, project = :project, task = :task, agent = :agent, permission_mode = :permission_mode,
    plan_approval = :plan_approval, strategy = :strategy, base = :base, status = :status,
    lifecycle = :lifecycle, approval = :approval, worktree = :worktree, execution = :execution, hold = :hold,
    plan_version = :plan_version, owner = :owner, created_at = :created_at, updated_at = :updated_at,
    host = :host, epoch = :epoch, applied_seq = :applied_seq, applied_offset = :applied_offset,
    agent_session = :agent_session, alive = :alive, turn = :turn, activity = :activity, result = :result,
    error = :error, input_tokens = :input_tokens, output_tokens = :output_tokens,
    cached_tokens = :cached_tokens, cost_usd = :cost_usd, queued = :queued
WHERE id = :id
"""
GET = "SELECT * FROM session WHERE id = :id"
BY_NAME = "SELECT * FROM session WHERE name = :name"
# The condition repeats the index's word for word; only so does SQLite use it.
LIVE = "SELECT * FROM session WHERE alive = 1 OR status IN ('queued', 'starting', 'running') ORDER BY id"
RECENT = "SELECT * FROM session ORDER BY id DESC LIMIT :limit"
NAMES_LIKE = "SELECT name FROM session WHERE name >= :stem AND name < :end"


class Sessions:
    """`core.ports.store.Sessions` over SQLite."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, session: Session) -> Session:
        try:
            number = self._rows.run(ADD, _to_row(session)).lastrowid
        except sqlite3.IntegrityError as error:
            raise _taken(session, error) from error
        return replace(session, id=SessionId(number or 0))

    def get(self, id: SessionId) -> Session:
        session = self._rows.one(_from_row, GET, {"id": id})
        if session is None:
            raise KeyError(id)
        return session

    def by_name(self, name: str) -> Session | None:
        return self._rows.one(_from_row, BY_NAME, {"name": name})

    def save(self, session: Session) -> None:
        try:
            found = self._rows.run(SAVE, _to_row(session)).rowcount
        except sqlite3.IntegrityError as error:
            raise _taken(session, error) from error
        if not found:
            raise KeyError(session.id)

    def live(self) -> Sequence[Session]:
        return self._rows.many(_from_row, LIVE)

    def recent(self, limit: int) -> Sequence[Session]:
        return self._rows.many(_from_row, RECENT, {"limit": limit})

    def names_like(self, stem: str) -> frozenset[str]:
        rows = self._rows.run(NAMES_LIKE, {"stem": stem, "end": stem + "\U0010ffff"})
        return frozenset(row["name"] for row in rows)


def _taken(session: Session, error: sqlite3.IntegrityError) -> Exception:
    if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_UNIQUE:
        return ValueError(f"the session name {session.name!r} is taken")
    return error


def _to_row(session: Session) -> dict[str, Any]:
    policy, state, spend = session.policy, session.state, session.spend
    return {
        "id": session.id,
        "name": session.name,
        "project": session.project,
        "task": session.task,
        "agent": policy.agent,
        "permission_mode": policy.permission_mode,
        "plan_approval": policy.plan_approval,
        "strategy": policy.strategy,
        "base": policy.base,
        "status": state.status,
        "lifecycle": state.lifecycle,
        "approval": state.approval,
        "worktree": state.worktree,
        "execution": state.execution,
        "hold": state.hold,
        "plan_version": state.plan_version,
        "owner": session.owner,
        "created_at": session.created_at,
        "updated_at": session.updated_at,
        "host": session.host,
        "epoch": session.epoch,
        "applied_seq": session.applied_seq,
        "applied_offset": session.applied_offset,
        "agent_session": session.agent_session,
        "alive": session.alive,
        "turn": session.turn,
        "activity": session.activity,
        "result": session.result,
        "error": session.error,
        "input_tokens": spend.input_tokens,
        "output_tokens": spend.output_tokens,
        "cached_tokens": spend.cached_tokens,
        "cost_usd": spend.cost_usd,
        "queued": to_json(session.queued),
    }


def _from_row(row: sqlite3.Row) -> Session:
    return Session(
        id=row["id"],
        name=row["name"],
        project=row["project"],
        task=row["task"],
        policy=_policy(row),
        state=_state(row),
        owner=row["owner"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        host=row["host"],
        epoch=row["epoch"],
        applied_seq=row["applied_seq"],
        applied_offset=row["applied_offset"],
        agent_session=row["agent_session"],
        alive=bool(row["alive"]),
        turn=row["turn"],
        activity=row["activity"],
        result=row["result"],
        error=None if row["error"] is None else ErrorKind(row["error"]),
        spend=Spend(row["input_tokens"], row["output_tokens"], row["cached_tokens"], row["cost_usd"]),
        queued=tuple(json.loads(row["queued"])),
    )


def _policy(row: sqlite3.Row) -> Policy:
    return Policy(
        agent=row["agent"],
        permission_mode=PermissionMode(row["permission_mode"]),
        plan_approval=PlanApproval(row["plan_approval"]),
        strategy=Strategy(row["strategy"]),
        base=row["base"],
    )


def _state(row: sqlite3.Row) -> State:
    return State(
        status=Status(row["status"]),
        lifecycle=Lifecycle(row["lifecycle"]),
        approval=ApprovalState(row["approval"]),
        worktree=WorktreeState(row["worktree"]),
        execution=ApprovalExecution(row["execution"]),
        hold=Hold(row["hold"]),
        plan_version=row["plan_version"],
    )
