"""Makes sure that a directory still is the session's worktree before anything acts on it: git run in a
directory that lost its `.git` file would act on whatever repository lies around it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.host.git.errors import BranchChanged, OperationInProgress, WorktreeGone, WorktreeMoved
from core.host.git.listing import operation, real
from core.host.git.records import Worktree
from core.host.git.refs import HEADS
from core.host.git.runner import Git

_NO_FILE = ".invalid"  # stands in HEAD where refs are kept in tables


@dataclass(frozen=True, slots=True)
class Place:
    """A worktree that was found where it belongs."""

    git_dir: Path
    branch: str  # empty when HEAD is detached
    operation: str | None  # a rebase, merge … that is half done


async def locate(git: Git, worktree: Worktree) -> Place:
    """Check that the directory is this worktree and see what it has checked out."""
    if not _is_directory(worktree.path):
        raise WorktreeGone(worktree.path)
    found = await git.run(worktree.path, "rev-parse", "--show-toplevel", "--absolute-git-dir", ok=(0, 128))
    top, _, directory = found.out.strip("\n").partition("\n")
    if found.code or real(top) != real(worktree.path) or not directory:
        raise WorktreeMoved(worktree.path, top or found.err.strip())
    git_dir = Path(directory)
    return Place(git_dir, await _branch(git, worktree.path, git_dir), operation(git_dir))


async def on_branch(git: Git, worktree: Worktree) -> Place:
    """The same, and the session's branch is checked out with nothing half done."""
    place = await locate(git, worktree)
    if place.operation:
        raise OperationInProgress(worktree.path, place.operation)
    if place.branch != worktree.branch:
        raise BranchChanged(worktree.branch, place.branch)
    return place


async def _branch(git: Git, path: Path, directory: Path) -> str:
    """What is checked out. A file says it; git is asked where the file does not say it plainly."""
    head = await git.in_thread(partial(_read, directory / "HEAD"))
    named = head.removeprefix("ref: " + HEADS)
    if named not in {head, _NO_FILE}:
        return named
    return (await git.run(path, "symbolic-ref", "--quiet", "HEAD", ok=(0, 1))).out.strip().removeprefix(HEADS)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8", "surrogateescape").strip("\n")
    except OSError:
        return ""


def _is_directory(path: Path) -> bool:
    return path.is_dir()
