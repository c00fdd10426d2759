"""The pairing code: made in the terminal, used once in a private chat. Only its salted hash is stored.

Everything happens under a lock on the file, so that two processes cannot spend one code twice.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from core.model import Millis

Outcome = Literal["ok", "wrong", "expired", "locked", "none"]

FILE = "pairing.json"
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that looks like something else
HALF = 4
LIFE_MS = 10 * 60 * 1000
TRIES = 5
LONGEST_INPUT = 64


def _wall() -> Millis:
    return Millis(time.time_ns() // 1_000_000)


@dataclass(frozen=True, slots=True)
class _Stored:
    salt: str
    hash: str
    expires: int
    tries: int = 0


def new_code(home: Path, *, now: Callable[[], Millis] = _wall) -> str:
    """Make a code; an older one dies. It can be used once, for ten minutes, with five tries."""
    letters = [secrets.choice(ALPHABET) for _ in range(2 * HALF)]
    code = "".join(letters[:HALF]) + "-" + "".join(letters[HALF:])
    salt = secrets.token_hex(16)
    with _opened(home) as fd:
        _write(fd, _Stored(salt, _hash(salt, code), now() + LIFE_MS))
    return code


def redeem(home: Path, code: str, *, now: Callable[[], Millis] = _wall) -> Outcome:
    """Spend the code. Lower case and a missing dash do not matter; a wrong try is counted."""
    if not (home / FILE).exists():
        return "none"
    with _opened(home) as fd:
        stored = _read(fd)
        if stored is None:
            return "none"
        if now() >= stored.expires:
            _write(fd, None)
            return "expired"
        if stored.tries >= TRIES:
            return "locked"
        if not hmac.compare_digest(_hash(stored.salt, code), stored.hash):
            _write(fd, replace(stored, tries=stored.tries + 1))
            return "wrong"
        _write(fd, None)
        return "ok"


def _hash(salt: str, code: str) -> str:
    """Slow on purpose; what is typed is brought into one form first."""
    plain = "".join(c for c in code[:LONGEST_INPUT].upper() if c.isalnum())
    return hashlib.scrypt(plain.encode(), salt=bytes.fromhex(salt), n=2**12, r=8, p=1).hex()


@contextmanager
def _opened(home: Path) -> Iterator[int]:
    fd = os.open(home / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.fchmod(fd, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd
    finally:
        os.close(fd)


def _read(fd: int) -> _Stored | None:
    """Return what is stored; a file that was cut short by a crash holds no code."""
    try:
        return _Stored(**json.loads(os.pread(fd, 4096, 0)))
    except (ValueError, TypeError):
        return None


def _write(fd: int, stored: _Stored | None) -> None:
    os.ftruncate(fd, 0)
    if stored is not None:
        os.pwrite(fd, json.dumps(asdict(stored)).encode(), 0)
    os.fsync(fd)
