"""Three-way merges in the object store alone: no checkout, no index, no file of the user is touched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.host.git import refs
from core.host.git.runner import Git


@dataclass(frozen=True, slots=True)
class Joined:
    """The tree two commits make together; with conflicts it holds their markers."""

    tree: str
    conflicts: tuple[str, ...] = ()


async def join(git: Git, repository: Path, ours: str, theirs: str, since: str | None = None) -> Joined | None:
    """Merge two commits, from their merge base or from the one given. Nothing: they share no history."""
    if since is not None:
        # git 2.38 cannot be told a merge base: give both contents the wanted one as their only parent.
        ours = await _child(git, repository, ours, since)
        theirs = await _child(git, repository, theirs, since)
    elif (await git.run(repository, "merge-base", ours, theirs, ok=(0, 1))).code:
        return None
    output = await git.run(
        repository,
        "merge-tree",
        "--write-tree",
        "--name-only",
        "-z",
        "--no-messages",
        ours,
        theirs,
        ok=(0, 1),
    )
    tree, *files = output.fields
    return Joined(tree, tuple(dict.fromkeys(files)) if output.code else ())


async def _child(git: Git, repository: Path, commit: str, parent: str) -> str:
    tree = await refs.tree_of(git, repository, commit)
    return (await git.run(repository, "commit-tree", tree, "-p", parent, "-m", "side")).out.strip()


async def merge_base(git: Git, repository: Path, one: str, other: str) -> str | None:
    """The best common ancestor of two commits."""
    found = await git.run(repository, "merge-base", one, other, ok=(0, 1))
    return found.out.strip() or None


async def is_ancestor(git: Git, repository: Path, old: str, new: str) -> bool:
    """Whether `new` holds all of `old`."""
    return (await git.run(repository, "merge-base", "--is-ancestor", old, new, ok=(0, 1))).code == 0
