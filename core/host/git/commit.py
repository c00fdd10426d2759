"""Commits what an agent forgot to commit, on its own branch and nowhere else."""

from __future__ import annotations

from pathlib import Path

from core.host.git import refs
from core.host.git.errors import GitFailed, IndexLocked
from core.host.git.guard import on_branch
from core.host.git.listing import dirty_files
from core.host.git.records import Worktree
from core.host.git.runner import Git, Identity


async def commit_forgotten(
    git: Git, worktree: Worktree, message: str, author: Identity | None = None
) -> str | None:
    """Commit everything that is not ignored; nothing to commit gives nothing. Runs no hooks."""
    place = await on_branch(git, worktree)
    if not await dirty_files(git, worktree.path):
        return None
    lock = place.git_dir / "index.lock"
    try:
        await git.run(worktree.path, "add", "-A")
        if not (await git.run(worktree.path, "diff", "--cached", "--quiet", "--no-ext-diff", ok=(0, 1))).code:
            return None  # a submodule's own changes, or a change that the filters take away
        await git.run(
            worktree.path, "commit", "--quiet", "--no-verify", "--cleanup=whitespace", "--file=-",
            stdin=message.strip() or "Changes left uncommitted", author=author,
        )  # fmt: skip
    except GitFailed as error:
        raise _locked(lock) or error from error
    return await refs.commit_of(git, worktree.path, "HEAD")


def _locked(lock: Path) -> IndexLocked | None:
    return IndexLocked(lock) if lock.exists() else None
