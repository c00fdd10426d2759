"""Says what a failing file means for a person: no room, or broken and why."""

from __future__ import annotations

import errno
import os
import resource
import sqlite3
from pathlib import Path

from core.errors import DiskFull, StartError, StoreBroken

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# SQLite reports a file size limit and a full inode table as failures to write and to open.
_PERHAPS_FULL = frozenset({sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_CANTOPEN})
_REASONS = {
    sqlite3.SQLITE_NOTADB: "is not a database of Leadhand",
    sqlite3.SQLITE_CORRUPT: "is damaged: put a backup in its place",
    sqlite3.SQLITE_BUSY: "is in use by another program",
    sqlite3.SQLITE_LOCKED: "is in use by another program",
    sqlite3.SQLITE_PROTOCOL: "is in use by another program",
    sqlite3.SQLITE_READONLY: "cannot be written",
    sqlite3.SQLITE_PERM: "cannot be written",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_IOERR: "the disk does not obey",
    sqlite3.SQLITE_NOMEM: "there is not enough memory",
}
_SPARE = 64 * 1024  # less room than this is none: SQLite writes in pages and keeps an index of 32 KB beside


def fault(path: Path, error: sqlite3.Error) -> StartError | None:
    """Return what a failing database means; None when the statement was to blame, not the file."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    primary = code & 0xFF
    if primary == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE:
        return DiskFull(path=path)
    if code in _PERHAPS_FULL and _no_room(path):
        return DiskFull(path=path)
    reason = _REASONS.get(primary)
    return None if reason is None else StoreBroken(path=path, reason=f"{reason} ({error})")


def file_fault(path: Path, error: OSError) -> StartError:
    """Return what a failing call to the file system means."""
    if error.errno in _FULL:
        return DiskFull(path=path)
    return StoreBroken(path=path, reason=(error.strerror or str(error)).lower())


def _no_room(path: Path) -> bool:
    """Tell whether the process has a limit on the size of files, or the file system is full."""
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limit != resource.RLIM_INFINITY:
        return True
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _SPARE or (disk.f_files > 0 and disk.f_favail == 0)
