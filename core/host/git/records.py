"""The nouns of this package: what is asked for and what stands. Plain facts, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class WorktreeSpec:
    """A worktree that is wanted: names are wishes, the session is its identity."""

    project: Path
    path: Path
    branch: str
    base_sha: str
    session: str
    base_name: str


@dataclass(frozen=True, slots=True)
class Worktree:
    """A session's own checkout: where it is, its branch, and the commit it started from."""

    project: Path
    path: Path
    branch: str
    base: str
    base_sha: str
    session: str
