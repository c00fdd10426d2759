"""Makes a session's worktree and brings it back when its directory is gone. The branch is the truth, the
directory a cache; a repetition finds what is there, and an existing branch of somebody else is never used."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.host.git import refs, registry
from core.host.git.errors import (
    BranchInUse,
    BranchMissing,
    GitFailed,
    NameTaken,
    WorktreeMoved,
)
from core.host.git.guard import locate
from core.host.git.include import copy_included
from core.host.git.listing import root_of, worktrees
from core.host.git.records import Worktree, WorktreeSpec
from core.host.git.room import check_room
from core.host.git.runner import Git

_MOST_NAMES = 50
_TRIES = 2
_NO_DOWNLOADS = {"GIT_LFS_SKIP_SMUDGE": "1"}


async def create(git: Git, spec: WorktreeSpec, common_dir: Path | None = None) -> Worktree:
    """Make the session's worktree, or give the one it has. Who knows the project's common directory already
    may say so; then `spec.project` is its root."""
    refs.checked(spec.session)
    refs.safe_branch(spec.branch)
    root, common = (spec.project, common_dir) if common_dir else await root_of(git, spec.project)
    async with git.lock(common):
        known = await refs.listed(git, root, refs.made(spec.session), refs.HEADS)
        branch, start = _own_branch(known, spec.session)
        found = await _standing(git, replace(spec, project=root), common, branch, start)
        if found is not None:
            return found
        await check_room(git, root, common, spec.base_sha, spec.path)
        if await _exists(git, root, branch):
            path = _free_path(spec, common)
        else:
            branch, path = await _claim(git, root, common, spec, known)
            start = spec.base_sha
        worktree = Worktree(root, path, branch, spec.base_name, start, spec.session)
        await _add(git, worktree, common)
        return worktree


async def reopen(git: Git, worktree: Worktree) -> Worktree:
    """Bring the directory back, at the same path and from the branch, when it is gone or cut off."""
    root, common = await root_of(git, worktree.project)
    async with git.lock(common):
        if _is_filled(worktree.path):
            try:
                await locate(git, worktree)
            except WorktreeMoved:
                await git.run(root, "worktree", "repair", str(worktree.path), ok=(0, 1, 128))
                await locate(git, worktree)
            return worktree
        if await refs.commit_of(git, root, refs.HEADS + worktree.branch) is None:
            raise BranchMissing(worktree.branch)
        for entry in await worktrees(git, root):
            if entry.branch == worktree.branch and _is_filled(entry.path):
                raise BranchInUse(worktree.branch, entry.path)
        await _add(git, worktree, common, again=True)
    return worktree


def _own_branch(known: Mapping[str, str], session: str) -> tuple[str, str]:
    """The branch we made for this session before and where it began; empty when there was none."""
    prefix = refs.made(session)
    made = ((name, start) for name, start in known.items() if name.startswith(prefix))
    return next(((name.removeprefix(prefix), start) for name, start in made), ("", ""))


async def _exists(git: Git, root: Path, branch: str) -> bool:
    return bool(branch) and await refs.commit_of(git, root, refs.HEADS + branch) is not None


async def _standing(git: Git, spec: WorktreeSpec, common: Path, branch: str, start: str) -> Worktree | None:
    """What an earlier call made: a whole worktree is given, a half-made one taken away."""
    for record in registry.of_session(common, spec.session):
        if not (branch and record.ready and record.path is not None):
            await _clear(git, record)
            continue
        worktree = Worktree(spec.project, record.path, branch, spec.base_name, start, spec.session)
        if not _is_filled(record.path):
            if not await _exists(git, spec.project, branch):
                raise BranchMissing(branch)
            await _add(git, worktree, common, again=True)
        return worktree
    if branch and not await _exists(git, spec.project, branch):
        await refs.write(git, spec.project, [f"delete {refs.made(spec.session, branch)}"], "leadhand: forget")
    return None


def _free_path(spec: WorktreeSpec, common: Path) -> Path:
    known = {record.path for record in registry.records(common)}
    return next((path for _, path in _names(spec) if path not in known and not _is_filled(path)), spec.path)


async def _claim(
    git: Git, root: Path, common: Path, spec: WorktreeSpec, listed: Mapping[str, str]
) -> tuple[str, Path]:
    """Find a free name and make the branch under it, together with the ref that says it is ours."""
    taken = {name.removeprefix(refs.HEADS) for name in listed if name.startswith(refs.HEADS)}
    known = {record.path for record in registry.records(common)}
    for branch, path in _names(spec):
        if path in known or _is_filled(path) or not _is_free(branch, taken):
            continue
        lines = [
            f"create {refs.HEADS}{branch} {spec.base_sha}",
            f"create {refs.made(spec.session, branch)} {spec.base_sha}",
        ]
        if await refs.write(git, root, lines, f"leadhand: begin {spec.session}"):
            return branch, path
        await refs.check_branch(git, root, branch)
        if await refs.commit_of(git, root, spec.base_sha) is None:
            raise BranchMissing(spec.base_sha)
    raise NameTaken(spec.branch)


def _names(spec: WorktreeSpec) -> Iterator[tuple[str, Path]]:
    yield spec.branch, spec.path
    # `a/b` cannot be made beside a branch `a`: a flat name always can.
    for stem in dict.fromkeys((spec.branch, spec.branch.replace("/", "-"))):
        for number in range(2, _MOST_NAMES):
            yield f"{stem}-{number}", spec.path.with_name(f"{spec.path.name}-{number}")


def _is_free(branch: str, taken: set[str]) -> bool:
    parts = branch.split("/")
    above = {"/".join(parts[:depth]) for depth in range(1, len(parts) + 1)}
    return not above & taken and not any(name.startswith(f"{branch}/") for name in taken)


async def _add(git: Git, worktree: Worktree, common: Path, *, again: bool = False) -> None:
    """Check the branch out at the path. A failure leaves neither directory nor an unused branch behind."""
    # Twice forced, git lets the same path be added again although it is on record and locked.
    force = ("--force", "--force") if again else ()
    reason = registry.reason_for(worktree.session)
    worktree.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in reversed(range(_TRIES)):
        try:
            await git.run(
                worktree.project, "worktree", "add", "--quiet", *force, "--lock", "--reason", reason,
                str(worktree.path), worktree.branch, env=_NO_DOWNLOADS,
            )  # fmt: skip
            break
        except GitFailed:
            if again:
                raise
            await _clear_session(git, common, worktree.session)
            if not left:
                await _drop_unused(git, worktree)
                raise
    await copy_included(git, worktree.project, worktree.path)
    registry.mark_ready(worktree.path)


async def _clear_session(git: Git, common: Path, session: str) -> None:
    for record in registry.of_session(common, session):
        await _clear(git, record)


async def _clear(git: Git, record: registry.Record) -> None:
    """Take a half-made worktree away. Nobody was ever given it, so nothing of anybody's is in it."""
    if record.ready:
        return
    if record.path is not None and _names_back(record):
        await git.in_thread(partial(shutil.rmtree, record.path, ignore_errors=True))
    await git.in_thread(partial(shutil.rmtree, record.directory, ignore_errors=True))


def _names_back(record: registry.Record) -> bool:
    """Whether the directory at the recorded path says it is this worktree."""
    try:
        return record.path is not None and registry.directory_of(record.path) == record.directory
    except OSError:
        return False


async def _drop_unused(git: Git, worktree: Worktree) -> None:
    """Delete the branch made a moment ago, if it still is where it began."""
    lines = [
        f"delete {refs.HEADS}{worktree.branch} {worktree.base_sha}",
        f"delete {refs.made(worktree.session, worktree.branch)} {worktree.base_sha}",
    ]
    await refs.write(git, worktree.project, lines, "leadhand: worktree failed")


def _is_filled(path: Path) -> bool:
    return path.exists() and (not path.is_dir() or any(path.iterdir()))
