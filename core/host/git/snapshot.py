"""The content of a worktree as a tree and as a backup: untracked files included, ignored ones not. Works on
a copy of the index, so what the agent has staged stays as it is."""

from __future__ import annotations

import shutil
import tempfile
from functools import partial
from pathlib import Path

from core.host.git import refs
from core.host.git.guard import locate
from core.host.git.records import Worktree
from core.host.git.runner import Git

_TRIES = 5


async def tree(git: Git, worktree: Worktree) -> str:
    """The tree of everything in the worktree that git would track."""
    place = await locate(git, worktree)
    return await _write_tree(git, worktree.path, place.git_dir)


async def backup(git: Git, worktree: Worktree) -> str:
    """Keep the worktree's content and commits under a ref; the same content is kept once."""
    place = await locate(git, worktree)
    content = await _write_tree(git, worktree.path, place.git_dir)
    return await _store(git, worktree, content, await _parents(git, worktree, place.git_dir))


async def backup_branch(git: Git, worktree: Worktree) -> str:
    """The same for a branch whose directory is gone; empty when the branch is gone too."""
    tip = await refs.commit_of(git, worktree.project, refs.HEADS + worktree.branch)
    if tip is None:
        return ""
    return await _store(git, worktree, await refs.tree_of(git, worktree.project, tip), [tip])


async def _store(git: Git, worktree: Worktree, content: str, parents: list[str]) -> str:
    repository, prefix = worktree.project, refs.backup(worktree.session)
    message = f"Backup of {worktree.branch}\n\nLeadhand-Session: {worktree.session}"
    flags = [flag for parent in parents for flag in ("-p", parent)]
    for _ in range(_TRIES):
        kept = await refs.listed(git, repository, prefix)
        for name, sha in kept.items():
            if await _holds(git, repository, sha, content, parents):
                return name
        commit = await git.run(repository, "commit-tree", content, *flags, "-F", "-", stdin=message)
        name = f"{prefix}{1 + max((int(name.rsplit('/', 1)[1]) for name in kept), default=0)}"
        if await refs.write(git, repository, [f"create {name} {commit.out.strip()}"], "leadhand: backup"):
            return name
    raise OSError(f"no free backup ref for {worktree.session}")


async def _holds(git: Git, repository: Path, commit: str, content: str, parents: list[str]) -> bool:
    shown = await git.run(repository, "rev-parse", commit + "^{tree}", commit + "^@")
    return shown.out.split() == [content, *parents]


async def _parents(git: Git, worktree: Worktree, git_dir: Path) -> list[str]:
    """HEAD, the session's branch, and where a half-done rebase began: together they hold every commit."""
    wanted = ["HEAD", refs.HEADS + worktree.branch]
    originals = (git_dir / kind / "orig-head" for kind in ("rebase-merge", "rebase-apply"))
    wanted += [original.read_text().strip() for original in originals if original.is_file()]
    found = [await refs.commit_of(git, worktree.path, revision) for revision in wanted]
    return list(dict.fromkeys(sha for sha in found if sha))


async def _write_tree(git: Git, path: Path, git_dir: Path) -> str:
    directory = await git.in_thread(partial(tempfile.mkdtemp, prefix="leadhand-index-", dir=git.scratch))
    try:
        copy = Path(directory) / "index"
        await git.in_thread(partial(_copy_index, git_dir / "index", copy))
        env = {"GIT_INDEX_FILE": str(copy)}
        await git.run(path, "-c", "core.splitIndex=false", "-c", "core.safecrlf=false", "add", "-A", env=env)
        return (await git.run(path, "write-tree", env=env)).out.strip()
    finally:
        await git.in_thread(partial(shutil.rmtree, directory, ignore_errors=True))


def _copy_index(source: Path, target: Path) -> None:
    # With its cached file times the copy spares git from reading every file again.
    if source.is_file():
        shutil.copy2(source, target)
