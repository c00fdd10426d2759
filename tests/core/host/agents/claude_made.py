"""Frames of Claude Code as tests need them, and a driver that is fed with them."""

from __future__ import annotations

import json
from typing import Any

from core.events import Event
from core.host.agents.claude import ClaudeDriver
from core.ports import AgentSpec
from core.states import PermissionMode

ENVIRON = {
    "HOME": "/person",
    "PATH": "/usr/bin",
    "SHELL": "/bin/bash",
    "ANTHROPIC_API_KEY": "sk-secret",
    "OTHER_KEY": "sk-other",
    "LEADHAND_TELEGRAM_TOKEN": "123:bot-token",
    "AWS_SECRET_ACCESS_KEY": "aws",
    "SSH_AUTH_SOCK": "/run/ssh",
}


def spec(**fields: Any) -> AgentSpec:
    basic: dict[str, Any] = {
        "command": ("claude",),
        "cwd": "/repo",
        "marker": "run-7",
        "mode": PermissionMode.PLAN,
        "agent_session": "sid",
    }
    return AgentSpec(**{**basic, **fields})


def fed(*frames: dict[str, Any] | bytes) -> tuple[ClaudeDriver, list[Event]]:
    """Feed frames to a started driver."""
    driver = ClaudeDriver()
    driver.start(spec(), ENVIRON)
    lines = [f if isinstance(f, bytes) else json.dumps(f).encode() for f in frames]
    return driver, [event for line in lines for event in driver.feed(line)]


def init(**fields: Any) -> dict[str, Any]:
    return {"type": "system", "subtype": "init", "session_id": "sid", "cwd": "/repo", **fields}


def result(**fields: Any) -> dict[str, Any]:
    return {"type": "result", "is_error": False, "terminal_reason": "completed", "result": "Done.", **fields}


def tool_use(name: str, given: dict[str, Any], call: str = "c1", **fields: Any) -> dict[str, Any]:
    block = {"type": "tool_use", "id": call, "name": name, "input": given}
    return {"type": "assistant", "message": {"content": [block]}, **fields}


def tool_result(call: str = "c1", content: Any = "ok", **fields: Any) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": call, "content": content, **fields}
    return {"type": "user", "message": {"content": [block]}}


def asks(tool: str, given: dict[str, Any], request: str = "r1", **fields: Any) -> dict[str, Any]:
    asked = {"subtype": "can_use_tool", "tool_name": tool, "input": given, "tool_use_id": "c1", **fields}
    return {"type": "control_request", "request_id": request, "request": asked}
