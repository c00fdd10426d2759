"""The agent's own list of steps, put together from the tools that keep it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.events import Todo


class TodoList:
    """Follows TodoWrite (the whole list at once) and TaskCreate / TaskUpdate (one step at a time)."""

    def __init__(self) -> None:
        self._steps: dict[str, tuple[str, str]] = {}
        self._calls: dict[str, tuple[str, Mapping[str, Any]]] = {}

    def called(self, call: str, tool: str, given: Mapping[str, Any]) -> Todo | None:
        """Note a tool call; return the list if this call alone changes it."""
        if tool in {"TaskCreate", "TaskUpdate"}:
            self._calls[call] = (tool, given)
        if tool != "TodoWrite" or not isinstance(given.get("todos"), list):
            return None
        items = [item for item in given["todos"] if isinstance(item, Mapping)]
        self._steps = {
            str(n): (str(i.get("content", "")), str(i.get("status", ""))) for n, i in enumerate(items)
        }
        return self._todo()

    def finished(self, call: str, *, ok: bool, result: Any) -> Todo | None:
        """Apply a call that came back; return the list if it changed."""
        tool, given = self._calls.pop(call, ("", {}))
        if not tool or not ok:
            return None
        if tool == "TaskCreate":
            task = result.get("task") if isinstance(result, Mapping) else None
            key = str(task.get("id")) if isinstance(task, Mapping) else str(len(self._steps) + 1)
            self._steps[key] = (str(given.get("subject", "")), "pending")
            return self._todo()
        return self._update(str(given.get("taskId", "")), given)

    def _update(self, key: str, given: Mapping[str, Any]) -> Todo | None:
        if key not in self._steps:
            return None
        text, status = self._steps[key]
        status = str(given.get("status", status))
        if status == "deleted":
            del self._steps[key]
        else:
            self._steps[key] = (str(given.get("subject", text)), status)
        return self._todo()

    def _todo(self) -> Todo:
        return Todo(tuple(self._steps.values()))
