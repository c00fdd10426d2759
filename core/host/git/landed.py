"""Has a branch's work arrived in its base? Several tests, none of which suffices alone; when they cannot
tell, the answer is no, so that nothing is thrown away."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.host.git import refs
from core.host.git.errors import BaseMissing, BranchMissing
from core.host.git.ledger import last_landing
from core.host.git.runner import Git
from core.host.git.threeway import is_ancestor, join, merge_base


class State(StrEnum):
    """Where the work of a branch stands."""

    NO_CHANGE = "no_change"
    MERGED = "merged"
    RELEASED = "released"
    OPEN = "open"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The answer and the test that gave it."""

    state: State
    test: str
    base_tip: str
    tip: str
    conflicts: tuple[str, ...] = ()

    @property
    def landed(self) -> bool:
        """Whether the base holds the work."""
        return self.state in {State.MERGED, State.RELEASED}


async def landed(
    git: Git, repository: Path, *, base: str, branch: str, start: str, session: str = ""
) -> Evidence:
    """Compare a branch with its base; `start` is the commit the branch began at."""
    base_tip = await refs.commit_of(git, repository, refs.HEADS + base)
    tip = await refs.commit_of(git, repository, refs.HEADS + branch)
    if base_tip is None:
        raise BaseMissing(repository, base, ())
    if tip is None:
        raise BranchMissing(branch)
    state, test, conflicts = await _judge(git, repository, base_tip, tip, start, session)
    return Evidence(state, test, base_tip, tip, conflicts)


async def _judge(
    git: Git, repository: Path, base: str, tip: str, start: str, session: str
) -> tuple[State, str, tuple[str, ...]]:
    landing = await last_landing(git, repository, session, base) if session else None
    if landing is not None and landing.tip == tip:
        return State.MERGED, "recorded", ()
    if tip == start or await _same_tree(git, repository, tip, start):
        return State.NO_CHANGE, "tree", ()
    if await is_ancestor(git, repository, tip, base):
        return State.MERGED, "ancestor", ()
    common = await merge_base(git, repository, base, tip)
    if common is None:
        return State.OPEN, "unrelated", ()
    if await _same_tree(git, repository, tip, common):
        return State.NO_CHANGE, "net", ()
    since = landing.tip if landing and await is_ancestor(git, repository, landing.tip, tip) else None
    joined = await join(git, repository, base, tip, since)
    if joined is not None and not joined.conflicts:
        # A clean merge that adds something is proof that something is missing.
        done = joined.tree == await refs.tree_of(git, repository, base)
        return (State.RELEASED if done else State.OPEN), "merge", ()
    if since is None and (test := await _in_history(git, repository, base, tip, common)):
        return State.RELEASED, test, ()
    return State.CONFLICT, "merge", joined.conflicts if joined else ()


async def _same_tree(git: Git, repository: Path, one: str, other: str) -> bool:
    if await refs.commit_of(git, repository, other) is None:
        return False  # a shallow clone may lack the commit
    return await refs.tree_of(git, repository, one) == await refs.tree_of(git, repository, other)


async def _in_history(git: Git, repository: Path, base: str, tip: str, common: str) -> str | None:
    """For a base that went on changing the same lines: did the work pass through its history?"""
    if await _cherries(git, repository, base, tip):
        return "patches"
    tree = await refs.tree_of(git, repository, tip)
    squashed = await git.run(repository, "commit-tree", tree, "-p", common, "-m", "squash")
    if await _cherries(git, repository, base, squashed.out.strip()):
        return "squash"
    wanted = await _blobs(git, repository, "diff-tree", "-r", common, tip)
    if not wanted:
        return None
    seen = await _blobs(git, repository, "log", "--format=", "-m", "--first-parent", f"{common}..{base}")
    return "blobs" if wanted <= seen else None


async def _cherries(git: Git, repository: Path, base: str, tip: str) -> bool:
    lines = (await git.run(repository, "cherry", base, tip)).out.splitlines()
    return bool(lines) and all(line.startswith("-") for line in lines)


async def _blobs(git: Git, repository: Path, *command: str) -> set[tuple[str, str, str]]:
    """Every path with the mode and content some commit gave it (all zeros: it was deleted)."""
    output = await git.run(
        repository, *command, "--raw", "--no-abbrev", "--no-renames", "-z", "--no-ext-diff"
    )
    parts = [part.lstrip("\n") for part in output.fields if part.strip("\n")]
    found = zip(parts[::2], parts[1::2], strict=False)
    return {(path, facts.split()[1], facts.split()[3]) for facts, path in found}
