"""Is there room on the disk for another checkout? Cheap when there is plenty, exact when there is not."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from core.host.git.errors import DiskFull
from core.host.git.runner import Git

SPARE = 100 * 1024 * 1024
_PACK_GROWTH = 10  # a checkout is seldom larger than ten times all of a repository's packs
_CHECKOUT = 2  # the files, and what building them makes


async def check_room(git: Git, repository: Path, common: Path, commit: str, target: Path) -> None:
    """Refuse when the files of the commit would not fit twice."""
    free, packs = await git.in_thread(partial(_measure, common, target))
    if free >= SPARE + _PACK_GROWTH * packs:
        return
    listed = await git.run(repository, "ls-tree", "-r", "-l", "-z", "--full-tree", commit)
    sizes = (entry.split("\t")[0].split()[3] for entry in listed.fields)
    needed = SPARE + _CHECKOUT * sum(int(size) for size in sizes if size.isdigit())
    if free < needed:
        raise DiskFull(target, free, needed)


def _measure(common: Path, target: Path) -> tuple[int, int]:
    while not target.exists():
        target = target.parent
    packs = sum(pack.stat().st_size for pack in (common / "objects" / "pack").glob("*.pack"))
    loose = SPARE if not packs else 0  # an unpacked repository is not measured file by file
    return shutil.disk_usage(target).free, packs + loose
