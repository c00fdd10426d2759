"""The keeper's own log file, kept under twice LIMIT; a full disk silences it and stops nothing."""

# Paths are plain text here: pathlib costs memory in each of the two daemons.
# ruff: noqa: PTH105

from __future__ import annotations

import contextlib
import os
import time

LIMIT = 256 * 1024


class Notes:
    """Appends dated lines to one file and starts it again when it has grown."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = self._open()

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def say(self, text: str) -> None:
        """Write one line."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with contextlib.suppress(OSError):
            if os.fstat(self._fd).st_size > LIMIT:
                os.replace(self._path, f"{self._path}.1")
                os.close(self._fd)
                self._fd = self._open()
            os.write(self._fd, f"{stamp} {os.getpid()} {text}\n".encode(errors="replace"))

    def fault(self, where: str) -> None:
        """Write the exception being handled."""
        import traceback  # half a megabyte, for the rare day it is needed

        self.say(f"fault {where}: {traceback.format_exc()}")
