"""What a merge is asked for and how it can end. Only `Merged` changed anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal

from core.host.git.landed import Evidence
from core.host.git.runner import Identity

Strategy = Literal["merge", "squash", "rebase"]


class Reason(StrEnum):
    """Why a merge was not carried out; the branch, the base and every checkout are as before."""

    SAME_BRANCH = "same_branch"
    UNRELATED = "unrelated"  # the branches share no history
    WORKTREE_DIRTY = "worktree_dirty"  # the session's worktree has uncommitted changes
    WORKTREE_BUSY = "worktree_busy"  # a rebase or merge is half done there
    CHECKOUT_BUSY = "checkout_busy"  # … or where the base is checked out
    CHECKOUT_UNREACHABLE = "checkout_unreachable"  # the base is checked out on a disk that is not there
    CHECKED_OUT_TWICE = "checked_out_twice"
    LOCAL_EDITS = "local_edits"  # files edited where the base is checked out would be overwritten
    INDEX_LOCKED = "index_locked"
    MERGE_COMMITS = "merge_commits"  # a rebase would lose what merge commits on the branch resolved
    VERIFY_FAILED = "verify_failed"
    REFUSED = "refused"  # git said no; its words are in `detail`


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """Bring a branch into its base."""

    project: Path
    branch: str
    base: str
    title: str
    session: str
    start: str = ""  # the commit the branch began at; tells "nothing done" from "already there"
    message: str = ""
    strategy: Strategy = "merge"
    verify: tuple[tuple[str, ...], ...] = ()  # commands that must succeed on the merged result
    verify_env: Mapping[str, str] = field(default_factory=dict)
    verify_timeout_s: float = 1800.0
    author: Identity | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """The base moved from `old` to `new`."""

    project: Path
    session: str
    branch: str
    base: str
    tip: str
    old: str
    new: str
    checkout: Path | None = None  # the checkout that was fast-forwarded along
    repeated: bool = False  # it had happened before; nothing was done now


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both sides changed these files."""

    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BaseMoved:
    """The base kept moving while the merge was made and checked."""

    base: str
    tries: int


@dataclass(frozen=True, slots=True)
class Blocked:
    """Something is in the way: files, or the words of git or of a failed check."""

    reason: Reason
    files: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AlreadyLanded:
    """The base holds the work already."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class NothingToMerge:
    """The branch changes nothing."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Undone:
    """The base is back at this commit."""

    base: str
    commit: str


Outcome = Merged | Conflict | BaseMoved | Blocked | AlreadyLanded | NothingToMerge
