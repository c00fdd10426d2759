"""Takes a worktree away. Everything that could be lost is a reason to keep it; with a backup the content is
kept under a ref first. What is running, unknown or cannot be backed up stays in any case."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from core.host.git import refs, registry
from core.host.git.errors import GitError
from core.host.git.guard import Place, locate
from core.host.git.landed import State, landed
from core.host.git.listing import dirty_files, root_of, worktrees
from core.host.git.records import Worktree
from core.host.git.runner import Git
from core.host.git.snapshot import backup, backup_branch
from core.host.git.threeway import is_ancestor

_MOST_DETAILS = 20
_SUBMODULE = "160000"


class Why(StrEnum):
    """Why a worktree was kept."""

    RUNNING = "running"  # a process works in it
    UNKNOWN = "unknown"  # not a worktree we made
    DIRTY = "dirty"
    BUSY = "busy"  # a rebase or merge is half done
    NOT_LANDED = "not_landed"
    OTHER_COMMITS = "other_commits"  # HEAD holds commits that no branch holds
    STASH = "stash"
    NESTED = "nested"  # another repository inside, which no backup of ours holds
    BACKUP_FAILED = "backup_failed"
    REMOVE_FAILED = "remove_failed"


@dataclass(frozen=True, slots=True)
class Kept:
    """The worktree stays; each reason with its particulars."""

    reasons: tuple[tuple[Why, str], ...]
    backup: str = ""


@dataclass(frozen=True, slots=True)
class Removed:
    """The directory is gone; the branch too when `branch_deleted`."""

    branch_deleted: bool
    backup: str = ""


async def remove(git: Git, worktree: Worktree, *, force_with_backup: bool = False) -> Removed | Kept:
    """Remove the directory, and the branch when we made it and its work is safe elsewhere."""
    root, common = await root_of(git, worktree.project)
    async with git.lock(common):
        kept = ""
        if await git.in_thread(partial(_exists, worktree.path)):
            reasons = await _never(git, worktree, common)
            if not reasons and not force_with_backup:
                reasons = await _unsafe(git, root, worktree)
            if reasons:
                return Kept(tuple(reasons))
            try:
                kept = await _keep(git, root, worktree)
            except (GitError, OSError) as error:
                return Kept(((Why.BACKUP_FAILED, str(error)),))
        elif force_with_backup:
            kept = await backup_branch(git, worktree)
        failed = await _take_away(git, root, common, worktree)
        if failed is not None:
            return Kept(((Why.REMOVE_FAILED, failed),), kept)
        return Removed(await _delete_branch(git, root, worktree, kept), kept)


async def _keep(git: Git, root: Path, worktree: Worktree) -> str:
    """Back up what only this worktree and its branch hold; clean and at a commit of the base is nothing."""
    heads = [
        await refs.commit_of(git, worktree.path, name) for name in ("HEAD", refs.HEADS + worktree.branch)
    ]
    base = await refs.commit_of(git, root, refs.HEADS + worktree.base)
    if base and not await dirty_files(git, worktree.path):
        safe = [head is not None and await is_ancestor(git, root, head, base) for head in heads]
        if all(safe):
            return ""
    return await backup(git, worktree)


async def _never(git: Git, worktree: Worktree, common: Path) -> list[tuple[Why, str]]:
    """Reasons that no backup takes away."""
    ours = registry.of_session(common, worktree.session)
    same = await git.in_thread(partial(_is_one_of, worktree.path, ours))
    if not same:
        return [(Why.UNKNOWN, str(worktree.path))]
    try:
        await locate(git, worktree)
    except GitError as error:
        return [(Why.UNKNOWN, str(error))]
    pids = await git.in_thread(partial(_inhabitants, worktree.path))
    if pids:
        return [(Why.RUNNING, _some(map(str, pids)))]
    nested = await _nested(git, worktree)
    return [(Why.NESTED, _some(nested))] if nested else []


async def _unsafe(git: Git, root: Path, worktree: Worktree) -> list[tuple[Why, str]]:
    """Everything that removing without a backup could lose or leave in doubt."""
    place: Place = await locate(git, worktree)
    reasons: list[tuple[Why, str]] = []
    if place.operation:
        reasons.append((Why.BUSY, place.operation))
    if files := await dirty_files(git, worktree.path):
        reasons.append((Why.DIRTY, _some(files)))
    if stashes := await _stashes(git, root, worktree.branch):
        reasons.append((Why.STASH, _some(stashes)))
    if place.branch != worktree.branch and await _only_here(git, worktree):
        reasons.append((Why.OTHER_COMMITS, place.branch or "HEAD"))
    if not await _is_done(git, root, worktree):
        reasons.append((Why.NOT_LANDED, worktree.branch))
    return reasons


async def _stashes(git: Git, root: Path, branch: str) -> list[str]:
    """Stashes made on the branch: they would stay, but nobody would know what they belong to."""
    listed = await git.run(root, "stash", "list", "--format=%gs", ok=(0, 128))
    marks = (f"WIP on {branch}:", f"On {branch}:")
    return [line for line in listed.out.splitlines() if line.startswith(marks)]


async def _only_here(git: Git, worktree: Worktree) -> bool:
    found = await git.run(
        worktree.path,
        "rev-list",
        "--max-count=1",
        "HEAD",
        "--not",
        "--branches",
        "--remotes",
        "--tags",
        ok=(0, 128),
    )
    return bool(found.out.strip()) or found.code != 0


async def _is_done(git: Git, root: Path, worktree: Worktree) -> bool:
    """Whether the base holds the branch's work, or there is none."""
    if await refs.commit_of(git, root, refs.HEADS + worktree.branch) is None:
        return True
    try:
        evidence = await landed(
            git,
            root,
            base=worktree.base,
            branch=worktree.branch,
            start=worktree.base_sha,
            session=worktree.session,
        )
    except GitError:
        return False
    return evidence.landed or evidence.state is State.NO_CHANGE


async def _nested(git: Git, worktree: Worktree) -> list[str]:
    """Repositories inside, submodules too, with something of their own: a backup holds only their names."""
    path = worktree.path
    staged = await git.run(path, "ls-files", "--stage", "-z")
    links = [entry.split("\t", 1)[1] for entry in staged.fields if entry.startswith(_SUBMODULE)]
    untracked = await git.run(path, "ls-files", "--others", "--exclude-standard", "-z")
    links += [name for name in untracked.fields if name.endswith("/")]
    return [name for name in links if _exists(path / name / ".git") and await _has_own(git, path / name)]


async def _has_own(git: Git, nested: Path) -> bool:
    if await dirty_files(git, nested):
        return True
    unpushed = await git.run(
        nested, "rev-list", "--max-count=1", "--all", "HEAD", "--not", "--remotes", ok=(0, 128)
    )
    return unpushed.code != 0 or bool(unpushed.out.strip())


async def _take_away(git: Git, root: Path, common: Path, worktree: Worktree) -> str | None:
    """Unlock, remove, and look that it is gone; else say what was left."""
    path = str(worktree.path)
    await git.run(root, "worktree", "unlock", path, ok=(0, 128))
    if await git.in_thread(partial(_exists, worktree.path)):
        # Forced, as git refuses ignored files and initialised submodules otherwise; all checks are done.
        done = await git.run(root, "worktree", "remove", "--force", path, ok=(0, 1, 128, 255))
        if await git.in_thread(partial(_exists, worktree.path)):
            await git.run(
                root, "worktree", "lock", "--reason", registry.reason_for(worktree.session), path, ok=(0, 128)
            )
            return done.err.strip() or "the directory is still there"
    for record in await git.in_thread(partial(registry.records, common)):
        if record.path == worktree.path:  # the directory was gone already
            await git.run(root, "worktree", "remove", "--force", "--force", path, ok=(0, 128))
    return None


async def _delete_branch(git: Git, root: Path, worktree: Worktree, kept: str) -> bool:
    """Delete the branch if we made it, nobody has it checked out, and its commits are safe."""
    mark = refs.made(worktree.session, worktree.branch)
    if mark not in await refs.listed(git, root, refs.made(worktree.session)):
        return False
    tip = await refs.commit_of(git, root, refs.HEADS + worktree.branch)
    if tip is None or any(entry.branch == worktree.branch for entry in await worktrees(git, root)):
        return False
    keepers = [kept or await _latest_backup(git, root, worktree), refs.HEADS + worktree.base]
    found = [await refs.commit_of(git, root, keeper) for keeper in keepers if keeper]
    if not any([sha is not None and await is_ancestor(git, root, tip, sha) for sha in found]):
        return False
    lines = [f"delete {refs.HEADS}{worktree.branch} {tip}", f"delete {mark}"]
    return await refs.write(git, root, lines, "leadhand: remove worktree")


async def _latest_backup(git: Git, root: Path, worktree: Worktree) -> str:
    kept = await refs.listed(git, root, refs.backup(worktree.session))
    return max(kept, key=lambda name: int(name.rsplit("/", 1)[1]), default="")


def _is_one_of(path: Path, ours: tuple[registry.Record, ...]) -> bool:
    return any(record.path is not None and record.path.resolve() == path.resolve() for record in ours)


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _inhabitants(path: Path) -> list[int]:
    """Processes whose current directory is inside; those of other users cannot be seen."""
    inside = path.resolve()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink().is_relative_to(inside):
                found.append(int(process.name))
    return found


def _some(items: Iterable[str]) -> str:
    return ", ".join(list(items)[:_MOST_DETAILS])
