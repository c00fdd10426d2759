"""Moves a base branch: by compare-and-swap where nobody has it checked out, by a fast-forward where somebody
has. Git refuses the fast-forward when local edits overlap; then nothing changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.host.git import refs
from core.host.git.listing import Entry, being_rebased, common_dir, git_dir, operation, worktrees
from core.host.git.outcomes import Blocked, Reason
from core.host.git.runner import Git, Output


@dataclass(frozen=True, slots=True)
class Published:
    """The base is at its new commit."""

    checkout: Path | None


@dataclass(frozen=True, slots=True)
class Moved:
    """The base was not where it was expected; nothing was done."""


async def holder(git: Git, repository: Path, branch: str) -> Path | Blocked | None:
    """The checkout that has the branch, if one has; or why it cannot be moved now."""
    entries = [
        entry for entry in await worktrees(git, repository) if entry.branch == branch and not entry.bare
    ]
    if being_rebased(await common_dir(git, repository), branch):
        return Blocked(Reason.CHECKOUT_BUSY, detail="rebase")
    present = [entry.path for entry in entries if _is_directory(entry.path)]
    if any(_away(entry) for entry in entries):
        return Blocked(Reason.CHECKOUT_UNREACHABLE, tuple(str(e.path) for e in entries if _away(e)))
    if len(present) > 1:
        return Blocked(Reason.CHECKED_OUT_TWICE, tuple(map(str, present)))
    if not present:
        return None
    directory = await git_dir(git, present[0])
    if half_done := operation(directory):
        return Blocked(Reason.CHECKOUT_BUSY, (str(present[0]),), half_done)
    if _exists(directory / "index.lock"):
        return Blocked(Reason.INDEX_LOCKED, (str(directory / "index.lock"),))
    return present[0]


async def publish(
    git: Git, repository: Path, base: str, old: str, new: str, why: str
) -> Published | Moved | Blocked:
    """Move the base from old to new, in its checkout too; changes nothing when it cannot."""
    checkout = await holder(git, repository, base)
    if isinstance(checkout, Blocked):
        return checkout
    if checkout is None:
        line = f"update {refs.HEADS}{base} {new} {old}"
        if await refs.write(git, repository, [line], why):
            return Published(None)
        return await _moved(git, repository, base, old) or Blocked(Reason.REFUSED, detail="update-ref")
    # Ignored files are the user's too: git would overwrite them silently.
    done = await git.run(
        checkout, "merge", "--ff-only", "--no-overwrite-ignore", "--no-stat", "--quiet", new,
        ok=(0, 1, 2, 128), env={"GIT_REFLOG_ACTION": why},
    )  # fmt: skip
    if done.code == 0 and await refs.commit_of(git, repository, refs.HEADS + base) == new:
        return Published(checkout)
    return await _moved(git, repository, base, old) or await _refusal(git, checkout, done)


async def take_back(
    git: Git, repository: Path, base: str, old: str, new: str, why: str
) -> Published | Moved | Blocked:
    """Move the base from new back to old, while it is still at new."""
    checkout = await holder(git, repository, base)
    if isinstance(checkout, Blocked):
        return checkout
    if await refs.commit_of(git, repository, refs.HEADS + base) != new:
        return Moved()
    if checkout is not None:
        # Both trees are named: what the user has staged or edited elsewhere stays, what overlaps refuses.
        done = await git.run(checkout, "read-tree", "-m", "-u", new, old, ok=(0, 1, 128))
        if done.code:
            return await _refusal(git, checkout, done)
    if await refs.write(git, repository, [f"update {refs.HEADS}{base} {old} {new}"], why):
        return Published(checkout)
    if checkout is not None:
        await git.run(checkout, "read-tree", "-m", "-u", old, new, ok=(0, 1, 128))
    return Moved()


async def _moved(git: Git, repository: Path, base: str, old: str) -> Moved | None:
    return Moved() if await refs.commit_of(git, repository, refs.HEADS + base) != old else None


async def _refusal(git: Git, checkout: Path, done: Output) -> Blocked:
    lock = await git_dir(git, checkout) / "index.lock"
    if _exists(lock):
        return Blocked(Reason.INDEX_LOCKED, (str(lock),))
    named = (line.strip() for line in done.err.splitlines() if line.startswith("\t"))
    entries = (line.split("'")[1] for line in done.err.splitlines() if line.startswith("error: Entry '"))
    untracked = (line.split("'")[1] for line in done.err.splitlines() if "working tree file '" in line)
    files = tuple(dict.fromkeys([*named, *entries, *untracked]))
    return Blocked(Reason.LOCAL_EDITS if files else Reason.REFUSED, files, done.err.strip()[-2000:])


def _away(entry: Entry) -> bool:
    # Locked by its owner and not there: a disk that comes back. Not locked: it was deleted.
    return entry.lock_reason is not None and not entry.path.is_dir()


def _is_directory(path: Path) -> bool:
    return path.is_dir()


def _exists(path: Path) -> bool:
    return path.exists()
