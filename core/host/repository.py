"""What a session's orders mean in git: its worktree, its branch, its landing. Speaks events, not git."""

from __future__ import annotations
