"""A file that cannot be used is refused in one line, and left as it was found."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core import errors
from core.store import migrate
from core.store.db import SqliteStore
from core.store.opening import open_reader, open_writer
from tests.core.store.disk import fill, small_file_system

STEPS = migrate.bundled()
NOBODY = 65534


def content(folder: Path) -> dict[str, bytes | None]:
    """Everything in a folder, without the index SQLite keeps beside its log and rebuilds at will."""
    files = (file for file in folder.iterdir() if not file.name.endswith("-shm"))
    return {file.name: file.read_bytes() if file.is_file() else None for file in files}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def dirty(path: Path) -> Path:
    """A database whose last close was not a clean one: its log lies beside it."""
    script = (
        "import os, sys; from pathlib import Path; from core.store import migrate, opening\n"
        "conn = opening.open_writer(Path(sys.argv[1]), migrate.bundled())\n"
        "rows = [(id, 'x' * 500, 'owner') for id in range(2000)]\n"
        "conn.execute('BEGIN')\n"
        "conn.executemany('INSERT INTO user VALUES (?, ?, ?, NULL)', rows)\n"
        "conn.execute('COMMIT')\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", script, path], check=True)
    assert path.with_name("store.db-wal").stat().st_size > 0
    return path


def refusal(path: Path) -> str:
    """Try to open; return the reason, and check that nothing was changed."""
    before = content(path.parent)
    with pytest.raises(errors.StoreBroken) as refused:
        open_writer(path, STEPS)
    assert refused.value.fields["path"] == str(path)
    assert str(refused.value).startswith(str(path))
    assert content(path.parent) == before
    return refused.value.fields["reason"]


def test_a_fresh_database_is_for_our_eyes_only(path: Path) -> None:
    old = os.umask(0)
    try:
        conn = open_writer(path, STEPS)
    finally:
        os.umask(old)
    try:
        conn.execute("INSERT INTO user VALUES (1, 'Ann', 'owner', NULL)")
        reader = open_reader(path)
        assert reader.execute("SELECT count(*) FROM user").fetchone()[0] == 1
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("DELETE FROM user")
        reader.close()
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
        assert modes == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}
    finally:
        conn.close()


def test_a_database_that_others_could_read_is_closed_to_them(path: Path) -> None:
    open_writer(path, STEPS).close()
    path.chmod(0o644)
    open_writer(path, STEPS).close()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["a b", "a?b=c", "a%41", "a#b", "über"])
def test_any_name_of_a_file_is_a_name_of_a_file(tmp_path: Path, name: str) -> None:
    open_writer(tmp_path / name, STEPS).close()
    open_writer(tmp_path / name, STEPS).close()
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_the_durable_settings_are_in_force(path: Path) -> None:
    conn = open_writer(path, STEPS)
    found = {
        name: conn.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    }
    conn.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_an_empty_file_is_a_fresh_database(path: Path) -> None:
    path.touch()
    open_writer(path, STEPS).close()
    assert path.stat().st_size > 0


@pytest.mark.parametrize("garbage", [b"x", b"hello " * 5000, b"\0" * 4096, b"SQLite format 2\0" * 100])
def test_a_file_that_is_no_database_is_refused(path: Path, garbage: bytes) -> None:
    path.write_bytes(garbage)
    assert "not a database" in refusal(path)


def test_a_directory_in_its_place_is_refused(path: Path) -> None:
    path.mkdir()
    assert refusal(path) == "is a directory"


def test_a_pipe_in_its_place_is_refused(path: Path) -> None:
    os.mkfifo(path)
    assert refusal(path) == "is not a regular file"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.StoreBroken, match="no such file or directory"):
        open_writer(tmp_path / "gone" / "store.db", STEPS)


def test_a_database_of_another_program_is_refused(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (a)")
    other.commit()
    other.close()
    assert refusal(path) == "is a database of another program"


def test_a_file_cut_short_is_refused(path: Path) -> None:
    open_writer(path, STEPS).close()
    path.write_bytes(path.read_bytes()[:100])
    assert refusal(path)


def test_a_broken_head_is_refused(path: Path) -> None:
    open_writer(path, STEPS).close()
    path.write_bytes(path.read_bytes()[:16] + b"\xff" * 5000)
    assert refusal(path)


def test_pages_are_checked_when_the_last_close_was_not_clean(dirty: Path) -> None:
    data = bytearray(dirty.read_bytes())
    log = bytearray(dirty.with_name("store.db-wal").read_bytes())
    # Move what the log has into the file, then spoil a page in the middle and leave a log behind.
    conn = sqlite3.connect(dirty)
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()
    data = bytearray(dirty.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = b"\x5a" * 4096
    dirty.write_bytes(data)
    dirty.with_name("store.db-wal").write_bytes(log[:32])
    assert "damaged" in refusal(dirty)


def test_a_log_with_a_broken_head_is_refused(dirty: Path) -> None:
    log = dirty.with_name("store.db-wal")
    for broken in (b"garbage!" * 4096, b"\xff" + log.read_bytes()[1:], log.read_bytes()[:20] + b"\0" * 4096):
        log.write_bytes(broken)
        assert "store.db-wal beside it is damaged" in refusal(dirty)


def test_a_log_that_lost_its_database_is_refused(dirty: Path) -> None:
    dirty.unlink()
    assert "is gone" in refusal(dirty)


def test_a_directory_in_the_place_of_the_log_is_refused(path: Path) -> None:
    open_writer(path, STEPS).close()
    path.with_name("store.db-wal").mkdir()
    assert refusal(path)


@pytest.mark.parametrize("tail", [b"", b"\0" * 4096, b"short"])
def test_a_log_nobody_was_promised_anything_from_is_no_reason_to_stop(path: Path, tail: bytes) -> None:
    open_writer(path, STEPS).close()
    path.with_name("store.db-wal").write_bytes(tail)
    open_writer(path, STEPS).close()


def test_what_was_committed_before_a_crash_is_there(dirty: Path) -> None:
    conn = open_writer(dirty, STEPS)
    assert conn.execute("SELECT count(*) FROM user").fetchone()[0] == 2000
    conn.close()


def test_a_file_in_use_by_another_program_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.store.opening.PATIENCE_S", 0.05)
    open_writer(path, STEPS).close()
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(errors.StoreBroken, match="in use by another program"):
            open_writer(path, STEPS)
    finally:
        other.close()


@contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """Be somebody who may look into the folder and no more; root could read everything."""
    if os.geteuid() != 0:
        yield
        return
    parents = [parent for parent in folder.parents if parent.stat().st_uid == 0]
    modes = {parent: parent.stat().st_mode for parent in parents}
    for parent in parents:
        parent.chmod(modes[parent] | 0o111)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        for parent, mode in modes.items():
            parent.chmod(mode)


@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_a_file_we_may_not_read_or_write_is_refused(path: Path, mode: int) -> None:
    open_writer(path, STEPS).close()
    path.chmod(mode)
    path.parent.chmod(0o755)
    with unprivileged(path), pytest.raises(errors.StoreBroken, match="permission denied"):
        open_writer(path, STEPS)
    assert path.stat().st_mode & 0o777 == mode


def test_a_full_disk_is_told_when_the_database_is_made(tmp_path: Path) -> None:
    with small_file_system(tmp_path, 64):
        for size in (0, 20, 40):  # full in every step of it
            (tmp_path / "filler").write_bytes(b"x" * 1024 * (64 - size))
            with pytest.raises(errors.DiskFull, match=r"no space left for .*store\.db"):
                open_writer(tmp_path / "store.db", STEPS)
            assert [file.name for file in tmp_path.iterdir()] == ["filler"]


def test_a_full_disk_is_told_when_a_database_is_opened(tmp_path: Path) -> None:
    with small_file_system(tmp_path, 1024):
        path = tmp_path / "store.db"
        open_writer(path, STEPS).close()
        before = path.read_bytes()
        filler = fill(tmp_path)
        with pytest.raises(errors.DiskFull):
            open_writer(path, STEPS)
        assert path.read_bytes() == before
        filler.unlink()
        open_writer(path, STEPS).close()


@pytest.mark.parametrize("limit", [1, 8, 60, 120])
def test_a_file_size_limit_is_a_full_disk(path: Path, limit: int) -> None:
    script = (
        "import resource, sys; from pathlib import Path; from core import errors\n"
        "from core.store import migrate, opening\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]) * 1024,) * 2)\n"
        "try: opening.open_writer(Path(sys.argv[1]), migrate.bundled())\n"
        "except errors.DiskFull as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path, str(limit)], check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith(f"no space left for {path}")
    assert list(path.parent.iterdir()) == []


def entries(kind: str) -> set[str]:
    """The descriptors (fd) or threads (task) of this process."""
    return {entry.name for entry in Path("/proc/self", kind).iterdir()}


async def test_an_opening_that_fails_leaves_no_thread_and_no_descriptor(path: Path) -> None:
    path.mkdir()
    with pytest.raises(errors.StoreBroken):
        await SqliteStore.open(path)
    before = entries("fd")
    for _ in range(20):
        with pytest.raises(errors.StoreBroken):
            await SqliteStore.open(path)
    assert entries("fd") == before


async def test_fifty_openings_and_closings_leak_nothing(path: Path) -> None:
    async def once() -> None:
        store = await SqliteStore.open(path)
        await store.write(lambda tx: tx.users.all())
        await store.read(lambda tx: tx.users.all())
        await store.close()

    before = (entries("fd"), entries("task"))
    for _ in range(50):
        await once()
    for _ in range(100):  # a thread has a last word to say after its work is done
        if len(entries("task")) == len(before[1]):
            break
        await asyncio.sleep(0.01)
    assert (entries("fd"), len(entries("task"))) == (before[0], len(before[1]))
    assert [file.name for file in path.parent.iterdir()] == ["store.db"]


def test_a_program_that_forgets_to_close_still_ends(path: Path) -> None:
    script = (
        "import asyncio, sys; from pathlib import Path; from core.store.db import SqliteStore\n"
        "async def main():\n"
        "    global store; store = await SqliteStore.open(Path(sys.argv[1]))\n"
        "    await store.write(lambda tx: tx.inbox.add(1, 'x', 1)); raise SystemExit(3)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", script, path], check=False, timeout=20)
    assert done.returncode == 3
