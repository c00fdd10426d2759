"""Remembers merges of ours in refs. The intent is written before the base moves; whether the base holds its
commit tells afterwards if the merge happened, so a crash at any point leaves no doubt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.host.git import refs
from core.host.git.runner import Git
from core.host.git.threeway import is_ancestor

_PARTS = ("tip", "old", "new")


@dataclass(frozen=True, slots=True)
class Landing:
    """This tip of the branch took the base from old to new."""

    tip: str
    old: str
    new: str


async def last_landing(git: Git, repository: Path, session: str, base_tip: str) -> Landing | None:
    """The latest merge of this session that the base still holds."""
    found = await refs.listed(git, repository, refs.landing(session, ""))
    for kind in ("intent", "done"):
        shas = [found.get(refs.landing(session, f"{kind}/{part}")) for part in _PARTS]
        tip, old, new = shas
        if tip and old and new and await is_ancestor(git, repository, new, base_tip):
            return Landing(tip, old, new)
    return None


async def intend(git: Git, repository: Path, session: str, landing: Landing) -> bool:
    """Write down what is about to be published."""
    return await refs.write(git, repository, _lines(session, "intent", landing), "leadhand: merge begins")


async def settle(git: Git, repository: Path, session: str, landing: Landing | None) -> None:
    """Make the intent the last merge, or forget it when nothing was published."""
    lines = [f"delete {refs.landing(session, f'intent/{part}')}" for part in _PARTS]
    if landing is not None:
        lines += _lines(session, "done", landing)
    await refs.write(git, repository, lines, "leadhand: merge done")


def _lines(session: str, kind: str, landing: Landing) -> list[str]:
    shas = (landing.tip, landing.old, landing.new)
    return [
        f"update {refs.landing(session, f'{kind}/{part}')} {sha}"
        for part, sha in zip(_PARTS, shas, strict=True)
    ]
