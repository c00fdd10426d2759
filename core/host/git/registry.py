"""The repository's own records of linked worktrees, read from its `worktrees` directory: they tell also of
one whose creation was cut short. The lock reason names the session a worktree belongs to."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

READY = "leadhand-ready"  # written last: a worktree without it was never handed out


@dataclass(frozen=True, slots=True)
class Record:
    """One linked worktree; `path` is unknown when git was stopped before it wrote it down."""

    directory: Path
    path: Path | None
    reason: str
    ready: bool


def reason_for(session: str) -> str:
    """The lock reason that marks a worktree as this session's."""
    return f"leadhand:{session}"


def records(common: Path) -> tuple[Record, ...]:
    """All linked worktrees the repository knows of, broken ones too."""
    return tuple(_record(directory) for directory in sorted((common / "worktrees").glob("*")))


def of_session(common: Path, session: str) -> tuple[Record, ...]:
    """The session's worktree; more than one only after something went wrong."""
    return tuple(record for record in records(common) if record.reason == reason_for(session))


def directory_of(worktree: Path) -> Path:
    """The git directory a linked worktree's `.git` file names."""
    named = Path((worktree / ".git").read_text("utf-8", "surrogateescape").removeprefix("gitdir:").strip())
    return named if named.is_absolute() else (worktree / named).resolve()


def mark_ready(worktree: Path) -> None:
    """Write down that the worktree is complete."""
    (directory_of(worktree) / READY).touch(mode=0o600)


def _record(directory: Path) -> Record:
    named = _read(directory / "gitdir")
    path = Path(named) if named else None
    if path is not None and not path.is_absolute():
        path = (directory / path).resolve()
    ready = (directory / READY).exists()
    return Record(directory, path.parent if path else None, _read(directory / "locked"), ready)


def _read(file: Path) -> str:
    with suppress(OSError):
        return file.read_text("utf-8", "surrogateescape").strip("\n")
    return ""
