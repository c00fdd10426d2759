"""Claude Code: its driver, and what the driver reads and writes."""

from __future__ import annotations

from core.host.agents.claude.driver import ClaudeDriver

__all__ = ["ClaudeDriver"]
