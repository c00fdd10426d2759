"""Copies the ignored files a project names in `.worktreeinclude` (keys, local settings) into a new checkout.
Only regular files, only from inside the project to inside the checkout, never over an existing file."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from contextlib import suppress
from functools import partial
from pathlib import Path

from core.host.git.runner import Git

FILE_NAME = ".worktreeinclude"
_FICLONE = 0x40049409
_MOST_FILES = 50_000
_LIST = ("ls-files", "--others", "--ignored", "-z")


async def copy_included(git: Git, root: Path, target: Path) -> int:
    """Copy the files that are both named there and ignored by git; gives how many."""
    if not _is_file(root / FILE_NAME):
        return 0
    named = await git.run(root, *_LIST, f"--exclude-from={FILE_NAME}", "--", ":/", ok=(0, 128))
    ignored = await git.run(root, *_LIST, "--exclude-standard", "--", ":/", ok=(0, 128))
    wanted = sorted(set(named.fields) & set(ignored.fields))[:_MOST_FILES]
    return await git.in_thread(partial(_copy_all, root, target, wanted))


def _is_file(path: Path) -> bool:
    return path.is_file()


def _copy_all(root: Path, target: Path, names: list[str]) -> int:
    real_root, real_target = root.resolve(), target.resolve()
    return sum(_copy(real_root, real_target, name) for name in names)


def _copy(root: Path, target: Path, name: str) -> bool:
    source, copy = root / name, target / name
    try:
        if not stat.S_ISREG(source.lstat().st_mode) or not source.resolve().is_relative_to(root):
            return False
        # The branch may hold a link where the project has a directory: never write through it.
        if not _nearest(copy.parent).resolve().is_relative_to(target):
            return False
        copy.parent.mkdir(parents=True, exist_ok=True)
        _write(source, copy)
    except OSError:
        return False  # a file less is a smaller harm than no worktree
    return True


def _nearest(path: Path) -> Path:
    while not path.exists() and not path.is_symlink():
        path = path.parent
    return path


def _write(source: Path, copy: Path) -> None:
    mode = stat.S_IMODE(source.stat().st_mode)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with source.open("rb") as reader, os.fdopen(os.open(copy, flags, mode), "wb") as writer:
        with suppress(OSError):  # shares the blocks where the file system can
            fcntl.ioctl(writer, _FICLONE, reader.fileno())
            return
        shutil.copyfileobj(reader, writer)
