"""Claude Code's tools in our words: kind, one-line title, detail, and whether a call stays inside.

Pure. Paths are judged by their text; what the CLI itself found outside is never called inside.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from typing import Any

from core.events import ToolKind
from core.host.agents.claude.frames import CanUseTool

TITLE = 120
DETAIL = 3000
KINDS: dict[str, ToolKind] = {
    "Read": "read",
    "NotebookRead": "read",
    "Edit": "edit",
    "MultiEdit": "edit",
    "Write": "edit",
    "NotebookEdit": "edit",
    "Bash": "execute",
    "BashOutput": "execute",
    "KillShell": "execute",
    "Monitor": "execute",
    "Grep": "search",
    "Glob": "search",
    "LS": "search",
    "ToolSearch": "search",
    "WebSearch": "search",
    "WebFetch": "fetch",
    "Task": "agent",
    "Agent": "agent",
    "TodoWrite": "todo",
    "TaskCreate": "todo",
    "TaskUpdate": "todo",
    "TaskList": "todo",
    "TaskGet": "todo",
}
PATHS = ("file_path", "notebook_path", "path")
TITLES = ("command", "pattern", "url", "query", "description", "subject", "skill", "name")
GUARDED = frozenset({".git", ".claude", ".mcp.json"})  # a change there changes what tools obey


def kind_of(tool: str) -> ToolKind:
    """Return the kind of a tool."""
    return "mcp" if tool.startswith("mcp__") else KINDS.get(tool, "other")


def one_line(text: str, limit: int = TITLE) -> str:
    """Return the first line that says something, printable and short."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    clean = "".join(c if c.isprintable() else " " for c in first)
    short = " ".join(clean.split())
    return short if len(short) <= limit else short[: limit - 1] + "…"


def relative(path: str, cwd: str) -> str:
    """Return the path as seen from the worktree, or unchanged when it is not below it."""
    full = posixpath.normpath(posixpath.join(cwd, path)) if cwd else path
    return full[len(cwd) + 1 :] if cwd and full.startswith(cwd + "/") else path


def title_of(tool: str, given: Mapping[str, Any], cwd: str) -> str:
    """Return one short line for a tool call: the file, the command's first line, the pattern."""
    if path := _path(given):
        pattern = given.get("pattern")
        where = relative(path, cwd)
        return one_line(f"{pattern} in {where}" if isinstance(pattern, str) else where)
    for key in TITLES:
        if isinstance(value := given.get(key), str) and (line := one_line(value)):
            return line
    return one_line(tool.removeprefix("mcp__").replace("__", ": "))


def detail_of(tool: str, given: Mapping[str, Any]) -> str:
    """Return what a person should see before allowing the call."""
    match tool, given:
        case "Bash", {"command": str(command)}:
            text = command
        case "Write", {"content": str(content)}:
            text = content
        case "Edit", {"old_string": str(old), "new_string": str(new)}:
            text = "\n".join([*(f"- {x}" for x in old.splitlines()), *(f"+ {x}" for x in new.splitlines())])
        case _:
            text = json.dumps(dict(given), ensure_ascii=False, indent=1, default=str)
    return text if len(text) <= DETAIL else text[: DETAIL - 1] + "…"


def stays_inside(asked: CanUseTool, cwd: str) -> bool:
    """Tell whether every path the call names is in the worktree. Commands can name anything: no."""
    path = _path(asked.input)
    outside = asked.blocked_path or asked.decision_reason_type in {"workingDir", "safetyCheck"}
    if not cwd or not path or outside or kind_of(asked.tool_name) not in {"read", "edit", "search"}:
        return False
    full = posixpath.normpath(posixpath.join(cwd, path))
    if full != cwd and not full.startswith(cwd + "/"):
        return False
    return GUARDED.isdisjoint(full[len(cwd) :].split("/"))


def _path(given: Mapping[str, Any]) -> str:
    for key in PATHS:
        if isinstance(value := given.get(key), str) and value:
            return value
    return ""
