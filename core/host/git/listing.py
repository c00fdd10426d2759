"""Which worktrees a repository has, and what is uncommitted or half done in one of them. Reads only: not
even an index is refreshed on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.host.git.refs import HEADS
from core.host.git.runner import Git

_OPERATIONS = (
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One worktree as git lists it; `branch` is empty when HEAD is detached."""

    path: Path
    branch: str = ""
    head: str = ""
    bare: bool = False
    lock_reason: str | None = None


async def worktrees(git: Git, repository: Path) -> tuple[Entry, ...]:
    """All worktrees of the repository, the main one first."""
    output = await git.run(repository, "worktree", "list", "--porcelain", "-z")
    return tuple(_entry(block) for block in output.out.split("\0\0") if block.strip("\0"))


def _entry(block: str) -> Entry:
    facts = dict(line.partition(" ")[::2] for line in block.strip("\0").split("\0"))
    return Entry(
        path=Path(facts["worktree"]),
        branch=facts.get("branch", "").removeprefix(HEADS),
        head=facts.get("HEAD", ""),
        bare="bare" in facts,
        lock_reason=facts.get("locked"),
    )


async def common_dir(git: Git, repository: Path) -> Path:
    """The real directory all worktrees of the repository share."""
    found = await git.run(repository, "rev-parse", "--path-format=absolute", "--git-common-dir")
    return real(found.out.strip("\n"))


async def root_of(git: Git, repository: Path) -> tuple[Path, Path]:
    """The top directory of a checkout (a bare repository: itself) and the directory all worktrees share."""
    asked = ("--path-format=absolute", "--git-common-dir", "--show-cdup")
    common, _, up = (await git.run(repository, "rev-parse", *asked)).out.partition("\n")
    return real(repository / up.strip("\n")), real(common)


def real(path: Path | str) -> Path:
    """The path with every symbolic link followed."""
    return Path(path).resolve()


async def git_dir(git: Git, worktree: Path) -> Path:
    """The directory that belongs to this worktree alone."""
    return Path((await git.run(worktree, "rev-parse", "--absolute-git-dir")).out.strip("\n"))


def operation(directory: Path) -> str | None:
    """What is half done in the worktree whose git directory this is."""
    return next((name for mark, name in _OPERATIONS if (directory / mark).exists()), None)


def being_rebased(common: Path, branch: str) -> bool:
    """Whether some worktree is in the middle of rebasing this branch (its HEAD is detached meanwhile)."""
    directories = [common, *(common / "worktrees").glob("*")]
    names = [d / kind / "head-name" for d in directories for kind in ("rebase-merge", "rebase-apply")]
    return any(name.is_file() and name.read_text().strip() == HEADS + branch for name in names)


async def dirty_files(git: Git, worktree: Path) -> tuple[str, ...]:
    """Paths with uncommitted changes, untracked ones included, ignored ones not."""
    output = await git.run(
        worktree, "status", "--porcelain=v1", "-z", "--untracked-files=normal", "--ignore-submodules=none",
        "--no-renames",
    )  # fmt: skip
    return tuple(part[3:] for part in output.fields)
