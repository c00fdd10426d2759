"""What a branch holds beyond its base, in numbers and names, and whether it would merge. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.host.git import refs
from core.host.git.errors import BranchMissing
from core.host.git.ledger import last_landing
from core.host.git.listing import dirty_files
from core.host.git.records import Worktree
from core.host.git.runner import Git
from core.host.git.threeway import is_ancestor, join, merge_base

_MOST_FILES = 20
_MOST_SUBJECTS = 20


@dataclass(frozen=True, slots=True)
class Changes:
    """A branch measured against its base as it is now."""

    commits: int
    files: int
    added: int
    deleted: int
    top_files: tuple[tuple[str, int, int], ...]  # path, lines added, lines deleted; most changed first
    ahead: int
    behind: int
    dirty: tuple[str, ...]
    tip: str
    base_tip: str
    subjects: tuple[str, ...]  # oldest first
    conflicts: tuple[str, ...]


async def changes(git: Git, worktree: Worktree) -> Changes:
    """Measure the session's branch; its directory may be missing, its branch not."""
    repository = worktree.project
    tip = await refs.commit_of(git, repository, refs.HEADS + worktree.branch)
    if tip is None:
        raise BranchMissing(worktree.branch)
    base_tip = await refs.commit_of(git, repository, refs.HEADS + worktree.base) or worktree.base_sha
    start, since = await _start(git, worktree, base_tip, tip)
    files = await _files(git, repository, start, tip)
    behind, ahead = await _counts(git, repository, base_tip, tip)
    subjects = await _subjects(git, repository, tip, [base_tip, start])
    joined = await join(git, repository, base_tip, tip, since)
    return Changes(
        commits=await _commits(git, repository, tip, [base_tip, start]),
        files=len(files),
        added=sum(added for _, added, _ in files),
        deleted=sum(deleted for _, _, deleted in files),
        top_files=tuple(sorted(files, key=lambda file: -file[1] - file[2])[:_MOST_FILES]),
        ahead=ahead,
        behind=behind,
        dirty=await dirty_files(git, worktree.path) if _is_directory(worktree.path) else (),
        tip=tip,
        base_tip=base_tip,
        subjects=subjects,
        conflicts=joined.conflicts if joined else (),
    )


async def _start(git: Git, worktree: Worktree, base_tip: str, tip: str) -> tuple[str, str | None]:
    """Where the work not yet landed begins: after our last merge of it, else where the branches part."""
    landing = await last_landing(git, worktree.project, worktree.session, base_tip)
    if landing and await is_ancestor(git, worktree.project, landing.tip, tip):
        return landing.tip, landing.tip
    return await merge_base(git, worktree.project, base_tip, tip) or worktree.base_sha, None


async def _files(git: Git, repository: Path, start: str, tip: str) -> list[tuple[str, int, int]]:
    output = await git.run(
        repository, "diff", "--numstat", "-z", "--find-renames", "--no-ext-diff", "--no-textconv", start, tip
    )
    parts = iter(output.out.split("\0"))
    files: list[tuple[str, int, int]] = []
    for part in parts:
        if not part:
            continue
        added, deleted, path = part.split("\t", 2)
        if not path:  # a rename: the old and the new path follow
            next(parts)
            path = next(parts)
        files.append((path, _lines(added), _lines(deleted)))
    return files


def _lines(count: str) -> int:
    return 0 if count == "-" else int(count)  # a dash stands for a binary file


async def _counts(git: Git, repository: Path, base: str, tip: str) -> tuple[int, int]:
    output = await git.run(repository, "rev-list", "--left-right", "--count", f"{base}...{tip}")
    behind, ahead = output.out.split()
    return int(behind), int(ahead)


async def _commits(git: Git, repository: Path, tip: str, without: list[str]) -> int:
    return int((await git.run(repository, "rev-list", "--count", tip, "--not", *without)).out)


async def _subjects(git: Git, repository: Path, tip: str, without: list[str]) -> tuple[str, ...]:
    output = await git.run(
        repository,
        "log",
        "-z",
        "--format=%s",
        f"--max-count={_MOST_SUBJECTS}",
        "--no-merges",
        tip,
        "--not",
        *without,
    )
    return tuple(reversed(output.fields))


def _is_directory(path: Path) -> bool:
    return path.is_dir()
