"""Merges a branch into its base without touching the user's checkout, except to fast-forward it. Asked again
after a crash it tells what it did instead of doing it twice; asked to undo, it moves the base back while
nothing has come on top."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.host.git import refs
from core.host.git.candidate import Candidate, make
from core.host.git.errors import BaseMissing, BranchMissing
from core.host.git.landed import State, landed
from core.host.git.ledger import Landing, intend, last_landing, settle
from core.host.git.listing import being_rebased, common_dir, dirty_files, git_dir, operation, worktrees
from core.host.git.outcomes import (
    AlreadyLanded,
    BaseMoved,
    Blocked,
    Merged,
    MergeRequest,
    NothingToMerge,
    Outcome,
    Reason,
    Undone,
)
from core.host.git.publish import Moved, Published, publish, take_back
from core.host.git.runner import Git
from core.host.git.threeway import is_ancestor
from core.host.git.verify import verify

_TRIES = 4


@dataclass(frozen=True, slots=True)
class _Ready:
    candidate: Candidate
    landing: Landing


async def merge(git: Git, request: MergeRequest) -> Outcome:
    """Bring the branch into its base, or say why not."""
    refs.checked(request.session)
    for name in (request.branch, request.base):
        refs.safe_branch(name)
    if request.branch == request.base:
        return Blocked(Reason.SAME_BRANCH)
    common = await common_dir(git, request.project)
    verified: set[str] = set()
    for _ in range(_TRIES):
        async with git.lock(common):
            made = await prepare(git, request, common)
            if not isinstance(made, _Ready):
                return made
            if not request.verify or made.candidate.tree in verified:
                outcome = await carry_out(git, request, made)
                if outcome is not None:
                    return outcome
                continue
        # Checks may take minutes: they run without the lock and count only for exactly this result.
        failed = await verify(git, request, made.candidate.commit)
        if failed is not None:
            return failed
        verified.add(made.candidate.tree)
    return BaseMoved(request.base, _TRIES)


async def undo(git: Git, merged: Merged) -> Undone | BaseMoved | Blocked:
    """Move the base back to where it was, while nothing has come on top."""
    why = f"leadhand: undo merge of {merged.branch}"
    async with git.lock(await common_dir(git, merged.project)):
        now = await refs.commit_of(git, merged.project, refs.HEADS + merged.base)
        if now == merged.old:
            return Undone(merged.base, merged.old)
        done = await take_back(git, merged.project, merged.base, merged.old, merged.new, why)
    match done:
        case Published():
            return Undone(merged.base, merged.old)
        case Moved():
            return BaseMoved(merged.base, 1)
        case Blocked():
            return done


async def prepare(git: Git, request: MergeRequest, common: Path) -> _Ready | Outcome:
    """Everything up to the commit the base would move to. Changes no branch."""
    base = await refs.commit_of(git, request.project, refs.HEADS + request.base)
    tip = await refs.commit_of(git, request.project, refs.HEADS + request.branch)
    if base is None:
        raise BaseMissing(request.project, request.base, ())
    last = await last_landing(git, request.project, request.session, base)
    if last is not None and tip in {last.tip, None}:
        return _merged(request, last, None, repeated=True)
    if tip is None:
        raise BranchMissing(request.branch)
    blocked = await _in_the_way(git, request, common)
    if blocked is not None:
        return blocked
    evidence = await landed(
        git,
        request.project,
        base=request.base,
        branch=request.branch,
        start=request.start,
        session=request.session,
    )
    if evidence.state is State.NO_CHANGE:
        return NothingToMerge(evidence)
    if evidence.landed:
        return AlreadyLanded(evidence)
    since = last.tip if last and await is_ancestor(git, request.project, last.tip, tip) else None
    made = await make(git, request, base, tip, since)
    if isinstance(made, Candidate):
        return _Ready(made, Landing(tip, base, made.commit))
    return made


async def carry_out(git: Git, request: MergeRequest, ready: _Ready) -> Merged | Blocked | None:
    """Publish what was prepared; nothing: the base has moved in between."""
    landing = ready.landing
    if not await intend(git, request.project, request.session, landing):
        return Blocked(Reason.REFUSED, detail="refs cannot be written")
    why = f"leadhand: {request.strategy} {request.branch}"
    done = await publish(git, request.project, request.base, landing.old, landing.new, why)
    published = isinstance(done, Published)
    await settle(git, request.project, request.session, landing if published else None)
    match done:
        case Published(checkout):
            return _merged(request, landing, checkout)
        case Moved():
            return None
        case Blocked():
            return done


def _merged(
    request: MergeRequest, landing: Landing, checkout: Path | None, *, repeated: bool = False
) -> Merged:
    return Merged(
        request.project, request.session, request.branch, request.base,
        landing.tip, landing.old, landing.new, checkout, repeated,
    )  # fmt: skip


async def _in_the_way(git: Git, request: MergeRequest, common: Path) -> Blocked | None:
    """The session's worktree must be at rest: what is not committed would silently be left out."""
    if being_rebased(common, request.branch):
        return Blocked(Reason.WORKTREE_BUSY, detail="rebase")
    for entry in await worktrees(git, request.project):
        if entry.branch != request.branch or entry.bare or not _is_directory(entry.path):
            continue
        if half_done := operation(await git_dir(git, entry.path)):
            return Blocked(Reason.WORKTREE_BUSY, (str(entry.path),), half_done)
        if files := await dirty_files(git, entry.path):
            return Blocked(Reason.WORKTREE_DIRTY, files)
    return None


def _is_directory(path: Path) -> bool:
    return path.is_dir()
