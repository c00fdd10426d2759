"""Tools of Claude Code in our words, and which calls stay in the worktree."""

from __future__ import annotations

from typing import Any

import pytest

from core.events import PermissionRequested
from core.host.agents.claude.tools import detail_of, one_line, title_of
from tests.core.host.agents.claude_made import asks, fed, init


@pytest.mark.parametrize(
    ("tool", "call", "title"),
    [
        ("Read", {"file_path": "/repo/src/a.py"}, "src/a.py"),
        ("Write", {"file_path": "/etc/passwd"}, "/etc/passwd"),
        ("Edit", {"file_path": "/repo/../up"}, "/repo/../up"),
        ("Bash", {"command": "\n  pytest -q\nrm x", "description": "Run"}, "pytest -q"),
        ("Grep", {"pattern": "foo", "path": "/repo/src"}, "foo in src"),
        ("WebFetch", {"url": "https://example.org", "prompt": "?"}, "https://example.org"),
        ("mcp__files__list", {}, "files: list"),
        ("Sleep", {}, "Sleep"),
    ],
)
def test_a_tool_call_has_a_title(tool: str, call: dict[str, Any], title: str) -> None:
    assert title_of(tool, call, "/repo") == title


def test_a_title_is_one_short_printable_line() -> None:
    assert one_line("\x1b[31mred\x07\tx\u202e ") == "[31mred x"
    assert one_line("y" * 500) == "y" * 119 + "…"


def test_an_edit_is_shown_as_what_goes_and_what_comes() -> None:
    call = {"file_path": "/repo/a", "old_string": "a\nb", "new_string": "c"}
    assert detail_of("Edit", call) == "- a\n- b\n+ c"


@pytest.mark.parametrize(
    ("tool", "call", "fields", "inside"),
    [
        ("Write", {"file_path": "/repo/a.py"}, {}, True),
        ("Write", {"file_path": "a.py"}, {}, True),
        ("Read", {"file_path": "/repo/sub/../a"}, {}, True),
        ("Write", {"file_path": "/repo/../a.py"}, {}, False),
        ("Write", {"file_path": "/repository/a.py"}, {}, False),
        ("Write", {"file_path": "/repo/.git/config"}, {}, False),
        ("Write", {"file_path": "/repo/.claude/settings.json"}, {}, False),
        ("Write", {"file_path": "/repo/link/x"}, {"decision_reason_type": "safetyCheck"}, False),
        ("Write", {"file_path": "/repo/link/x"}, {"blocked_path": "/tmp/x"}, False),
        ("Bash", {"command": "ls", "path": "/repo/a"}, {}, False),
        ("WebFetch", {"url": "https://example.org"}, {}, False),
        ("Write", {}, {}, False),
    ],
)
def test_only_paths_in_the_worktree_are_inside(
    tool: str, call: dict[str, Any], fields: dict[str, Any], inside: bool
) -> None:
    _, events = fed(init(), asks(tool, call, **fields))
    assert isinstance(events[-1], PermissionRequested)
    assert events[-1].inside is inside
