"""Looks at a project before anything is done with it: is it a repository we can work in, and from where do
branches start. Only reads."""

from __future__ import annotations

import asyncio
import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from core.host.git import refs
from core.host.git.errors import BaseMissing, GitTooOld, NoCommits, NotARepository
from core.host.git.listing import dirty_files, real, worktrees
from core.host.git.runner import Git

NEEDED = (2, 38)  # `merge-tree --write-tree`
_MOST_CANDIDATES = 8


@dataclass(frozen=True, slots=True)
class Base:
    """Where branches start, and in which repository."""

    root: Path
    common_dir: Path
    bare: bool
    name: str
    sha: str


@dataclass(frozen=True, slots=True)
class ProjectState:
    """A repository that can be worked in."""

    root: Path
    common_dir: Path
    bare: bool
    base: str
    base_sha: str
    base_tree: str
    checked_out_in: Path | None  # the worktree that has the base checked out
    dirty_files: tuple[str, ...]  # uncommitted changes there, or in the root when it is nowhere
    head_branch: str | None


async def find_base(git: Git, path: Path, base: str | None = None) -> Base:
    """Check a project and find its base branch in as few commands as it takes: a launch waits for it."""
    await check_version(git)
    root, common, bare = await _place(git, path)
    branches, default = await asyncio.gather(
        refs.listed(git, root, refs.HEADS), _default(git, root) if base is None else _nothing()
    )
    heads = {name.removeprefix(refs.HEADS): sha for name, sha in branches.items()}
    name = await _base(git, root, base, default, list(heads))
    return Base(root, common, bare, name, heads[name])


async def inspect_project(git: Git, path: Path, base: str | None = None) -> ProjectState:
    """Check a project and tell what state it is in; raises what stands in the way."""
    found = await find_base(git, path, base)
    root, common, bare, name, sha = found.root, found.common_dir, found.bare, found.name, found.sha
    entries = await worktrees(git, root)
    holder = next(
        (e.path for e in entries if e.branch == name and not e.bare and _is_directory(e.path)), None
    )
    looked_at = holder or (None if bare else root)
    return ProjectState(
        root=root,
        common_dir=common,
        bare=bare,
        base=name,
        base_sha=sha,
        base_tree=await refs.tree_of(git, root, sha),
        checked_out_in=holder,
        dirty_files=await dirty_files(git, looked_at) if looked_at else (),
        head_branch=await _head(git, root),
    )


async def check_version(git: Git) -> None:
    """Refuse a git that is too old; asked once per runner."""
    if not git.version:
        printed = (await git.run("/", "version")).out
        numbers = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", printed)
        git.version = tuple(int(n) for n in numbers.groups(default="0")) if numbers else (0,)
    if git.version[:2] < NEEDED:
        raise GitTooOld(".".join(map(str, git.version)), ".".join(map(str, NEEDED)))


async def _place(git: Git, path: Path) -> tuple[Path, Path, bool]:
    if not _is_directory(path):
        raise NotARepository(path, "no such directory")
    asked = ("--is-bare-repository", "--is-inside-git-dir", "--path-format=absolute", "--git-common-dir")
    found = await git.run(path, "rev-parse", *asked, "--show-cdup", ok=(0, 128))
    if found.code:
        raise NotARepository(path, found.err.removeprefix("fatal: ").splitlines()[0] if found.err else "")
    bare, inside, rest = found.out.split("\n", 2)
    if bare == "true":
        return real(rest), real(rest), True
    if inside == "true":
        raise NotARepository(path, "this is the inside of a git directory")
    common, _, up = rest.rpartition("\n")  # the way up is empty at the top, and holds no line break
    return real(path / up), real(common), False


async def _default(git: Git, root: Path) -> str:
    """The default branch of the remote; empty when none is known."""
    remote = await git.run(root, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD", ok=(0, 1, 128))
    return remote.out.strip().removeprefix("refs/remotes/origin/")


async def _nothing() -> str:
    return ""


async def _head(git: Git, root: Path) -> str | None:
    head = (await git.run(root, "symbolic-ref", "--quiet", "HEAD", ok=(0, 1))).out.strip()
    return head.removeprefix(refs.HEADS) or None


async def _base(git: Git, root: Path, wanted: str | None, default: str, branches: list[str]) -> str:
    """The configured base, else the repository's default branch; never merely what HEAD happens to be on."""
    if not branches:
        raise NoCommits(root)
    if wanted is not None:
        if wanted not in branches:
            raise BaseMissing(root, wanted, _candidates(wanted, branches))
        return wanted
    for name in (default, "main", "master"):
        if name in branches:
            return name
    head = await _head(git, root)
    if head is not None and head in branches:
        return head
    if len(branches) == 1:
        return branches[0]
    raise BaseMissing(root, None, _candidates("main", branches))


def _is_directory(path: Path) -> bool:
    return path.is_dir()


def _candidates(wanted: str, branches: list[str]) -> tuple[str, ...]:
    short = wanted.rsplit("/", 1)[-1]
    close = difflib.get_close_matches(wanted, branches) + difflib.get_close_matches(short, branches)
    usual = [name for name in ("main", "master", "develop", "trunk") if name in branches]
    return tuple(dict.fromkeys([*close, *usual, *branches]))[:_MOST_CANDIDATES]
