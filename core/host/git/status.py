"""What is uncommitted in a checkout. Reads only: not even the index is refreshed on disk."""

from __future__ import annotations

from pathlib import Path

from core.host.git.runner import Git


async def dirty_files(git: Git, worktree: Path) -> tuple[str, ...]:
    """Paths with uncommitted changes, untracked ones included, ignored ones not."""
    output = await git.run(
        worktree, "status", "--porcelain=v1", "-z", "--untracked-files=normal", "--ignore-submodules=none",
        "--no-renames",
    )  # fmt: skip
    return tuple(part[3:] for part in output.fields)
