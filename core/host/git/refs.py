"""Our names in a repository, and refs read and written by name; writes are transactions that fail when a
ref is not what the writer saw."""

from __future__ import annotations

import re
from pathlib import Path

from core.host.git.errors import BadName
from core.host.git.runner import Git

ROOT = "refs/leadhand"
HEADS = "refs/heads/"
_UNSAFE = re.compile(r"[\x00-\x20\x7f]")
_SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def made(session: str, branch: str = "") -> str:
    """Remembers that we made a branch for this session and the commit it began at."""
    return f"{ROOT}/made/{checked(session)}/{branch}"


def landing(session: str, part: str) -> str:
    """Remembers a merge of ours: its `tip`, and the base's `old` and `new` commit."""
    return f"{ROOT}/landing/{checked(session)}/{part}"


def backup(session: str) -> str:
    """Under it the contents of the session's worktree are kept, by number."""
    return f"{ROOT}/backup/{checked(session)}/"


def checked(session: str) -> str:
    """The session's name, refused when it could not be part of a ref."""
    if not _SESSION.fullmatch(session):
        raise BadName(session)
    return session


def safe_branch(branch: str) -> str:
    """The branch name, refused when it could be taken for an option, a command line or another thing."""
    if not branch or branch.startswith("-") or branch == "HEAD" or _UNSAFE.search(branch):
        raise BadName(branch)
    return branch


async def check_branch(git: Git, repository: Path, branch: str) -> None:
    """Refuse a branch name that git refuses."""
    if (await git.run(repository, "check-ref-format", HEADS + safe_branch(branch), ok=(0, 1, 128))).code:
        raise BadName(branch)


async def commit_of(git: Git, repository: Path, revision: str) -> str | None:
    """The commit a revision stands for, or nothing."""
    found = await git.run(
        repository,
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        revision + "^{commit}",
        ok=(0, 1, 128),
    )
    return found.out.strip() or None if found.code == 0 else None


async def tree_of(git: Git, repository: Path, commit: str) -> str:
    """The tree of a commit."""
    return (await git.run(repository, "rev-parse", "--verify", commit + "^{tree}")).out.strip()


async def listed(git: Git, repository: Path, *prefixes: str) -> dict[str, str]:
    """All refs under the prefixes with the object each points at."""
    output = await git.run(repository, "for-each-ref", "--format=%(objectname) %(refname)", *prefixes)
    pairs = (line.split(" ", 1) for line in output.out.splitlines())
    return {name: sha for sha, name in pairs}


async def write(
    git: Git, repository: Path, lines: list[str], why: str, env: dict[str, str] | None = None
) -> bool:
    """Change refs all at once; says whether it happened. Old values in the lines are compared first."""
    script = "".join(f"{line}\n" for line in ["start", *lines, "prepare", "commit"])
    output = await git.run(
        repository,
        "update-ref",
        "--create-reflog",
        "-m",
        why,
        "--stdin",
        stdin=script,
        ok=(0, 1, 128),
        env=env,
    )
    return output.code == 0
