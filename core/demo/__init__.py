"""The demo: an agent without a model and a repository for it to work in. Imports nothing else of ours.

The agent is a program of its own; Leadhand drives it exactly as it drives Claude Code.
"""

from __future__ import annotations

import sys


def command() -> tuple[str, ...]:
    """Return the argv prefix that starts the demo agent; `-P` keeps the worktree off the import path."""
    return (sys.executable, "-P", "-m", "core.demo.agent")
