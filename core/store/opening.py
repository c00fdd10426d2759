"""Opens the file, or says in one line why not. Whatever is refused is left exactly as it was found."""

from __future__ import annotations

import os
import sqlite3
import stat
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from core.errors import StoreBroken
from core.store import migrate
from core.store.faults import fault, file_fault
from core.store.migrate import Migration

OLDEST_SQLITE = (3, 37, 0)  # the first one with STRICT tables
_MAGIC = b"SQLite format 3\0"
_WAL_MAGIC = (0x377F0682, 0x377F0683)
_WAL_HEADER = 32
PATIENCE_S = 5.0  # how long to wait for another program, such as a backup, to let go of the file
_PRAGMAS = (
    "PRAGMA synchronous=FULL",  # what was acknowledged survives a power cut
    "PRAGMA foreign_keys=ON",
)


def open_writer(path: Path, migrations: Sequence[Migration]) -> sqlite3.Connection:
    """Return the connection that writes, on a sound database of the newest shape."""
    with _explained(path):
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StoreBroken(path=path, reason=f"SQLite {sqlite3.sqlite_version} is too old: 3.37 is needed")
        _inspect(path, newest=migrations[-1].number)
        created = _create(path)
        try:
            return _prepare(path, migrations)
        except BaseException:
            if created:
                _remove(path)
            raise


def open_reader(path: Path) -> sqlite3.Connection:
    """Return a connection that cannot write. A writer has opened the file before."""
    with _explained(path):
        conn = _connect(_uri(path, "mode=ro"))
        conn.execute("PRAGMA query_only=ON")
        return conn


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the system says into errors for people."""
    try:
        yield
    except OSError as error:
        raise file_fault(path, error) from error
    except migrate.Foreign as error:
        raise StoreBroken(path=path, reason="is a database of another program") from error
    except migrate.MigrationFailed as error:
        cause = error.__cause__
        known = fault(path, cause) if isinstance(cause, sqlite3.Error) else None
        raise known or StoreBroken(path=path, reason=str(error)) from error
    except sqlite3.Error as error:
        raise fault(path, error) or StoreBroken(path=path, reason=str(error)) from error


def _connect(database: str) -> sqlite3.Connection:
    conn = sqlite3.connect(
        database, uri=True, isolation_level=None, timeout=PATIENCE_S, cached_statements=256
    )
    conn.row_factory = sqlite3.Row
    try:
        for pragma in _PRAGMAS:
            conn.execute(pragma)
    except BaseException:
        conn.close()
        raise
    return conn


def _uri(path: Path, options: str) -> str:
    return f"{path.absolute().as_uri()}?{options}"


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


# ---- before anything is touched -----------------------------------------------------------------------


def _inspect(path: Path, newest: int) -> None:
    """Refuse a file that is no sound database of ours, looking at it without writing."""
    wal = _beside(path, "-wal")
    wal_size = wal.stat().st_size if wal.exists() else 0
    if not path.exists() or (path.is_file() and path.stat().st_size == 0):
        if wal_size:
            raise StoreBroken(
                path=path, reason=f"is gone, but {wal.name} is there: put a backup in its place"
            )
        return
    _check_file(path)
    if wal_size:
        _check_wal(path, wal)
    # A log beside the file means that the last close was not a clean one. Without one nobody has the file
    # open, and `immutable` keeps SQLite from making files beside it.
    with closing(_connect(_uri(path, "mode=ro" if wal_size else "mode=ro&immutable=1"))) as conn:
        found = migrate.version(conn)
        if found > newest:
            raise StoreBroken(path=path, reason=f"is of a newer Leadhand (version {found}, known: {newest})")
        verdict = conn.execute("PRAGMA quick_check(1)").fetchone()[0] if wal_size else "ok"
    if verdict != "ok":
        raise StoreBroken(path=path, reason=f"is damaged: put a backup in its place ({verdict})")


def _check_file(path: Path) -> None:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise StoreBroken(path=path, reason="is a directory")
    if not stat.S_ISREG(mode):
        raise StoreBroken(path=path, reason="is not a regular file")
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        head = os.read(descriptor, len(_MAGIC))
    finally:
        os.close(descriptor)
    if head != _MAGIC:
        raise StoreBroken(path=path, reason="is not a database of Leadhand")


def _check_wal(path: Path, wal: Path) -> None:
    """Refuse a log with a broken head: SQLite would drop it, and what was acknowledged, without a word."""
    with wal.open("rb") as file:
        head = file.read(_WAL_HEADER)
    # Shorter, or all zeros: a crash before the first commit was acknowledged.
    if len(head) == _WAL_HEADER and any(head) and not _wal_head_is_sound(head):
        raise StoreBroken(path=path, reason=f"{wal.name} beside it is damaged: put a backup in their place")


def _wal_head_is_sound(head: bytes) -> bool:
    magic = int.from_bytes(head[:4], "big")
    if magic not in _WAL_MAGIC:
        return False
    words = struct.unpack((">" if magic & 1 else "<") + "6I", head[:24])
    first = second = 0
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return (first, second) == struct.unpack(">2I", head[24:])


# ---- making it ready ----------------------------------------------------------------------------------


def _create(path: Path) -> bool:
    """Make the file for our eyes only, before SQLite would make it for all; False when it is there."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return False
    return True


def _prepare(path: Path, migrations: Sequence[Migration]) -> sqlite3.Connection:
    conn = _connect(_uri(path, "mode=rw"))
    try:
        with _explained(path):  # while the disk still is as full as it was
            conn.execute("PRAGMA journal_mode=WAL")
            present = migrate.version(conn)
            if 0 < present < migrations[-1].number:
                _back_up(conn, _beside(path, f".bak-{present}"))
            migrate.apply(conn, migrations)
            _prove_writable(conn)
            path.chmod(0o600)
    except BaseException:
        conn.close()
        raise
    return conn


def _prove_writable(conn: sqlite3.Connection) -> None:
    """Write something at once: a full disk is told at the start, not at the first message."""
    conn.execute("BEGIN IMMEDIATE")
    conn.execute("PRAGMA user_version=1")
    conn.execute("COMMIT")


def _back_up(conn: sqlite3.Connection, target: Path) -> None:
    """Copy the database beside itself; a half copy never bears the name."""
    part = _beside(target, ".part")
    part.unlink(missing_ok=True)
    _create(part)
    try:
        with closing(sqlite3.connect(part)) as copy:
            conn.backup(copy)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.rename(target)
    except BaseException:
        _remove(part)
        raise


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            _beside(path, suffix).unlink()
