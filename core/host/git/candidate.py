"""Makes the commit a base would move to, in the object store alone. The three strategies differ only here.

`merge` always makes a merge commit, also where the base could simply be moved forward: one commit per
session names the session and can be undone as one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.host.git import refs
from core.host.git.outcomes import Blocked, Conflict, MergeRequest, Reason
from core.host.git.runner import Git
from core.host.git.threeway import join

_HEADER = "%an%x00%ae%x00%ad%x00%B"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A commit on top of the base that holds the branch's work."""

    commit: str
    tree: str


async def make(
    git: Git, request: MergeRequest, old: str, tip: str, since: str | None
) -> Candidate | Conflict | Blocked:
    """Join the base at `old` with the branch at `tip`; `since` is the tip of an earlier merge of ours."""
    joined = await join(git, request.project, old, tip, since)
    if joined is None:
        return Blocked(Reason.UNRELATED)
    if joined.conflicts:
        return Conflict(joined.conflicts)
    if request.strategy == "rebase":
        return await _replay(git, request, old, tip, since, joined.tree)
    parents = ["-p", old] + (["-p", tip] if request.strategy == "merge" else [])
    commit = await git.run(
        request.project,
        "commit-tree",
        joined.tree,
        *parents,
        "-F",
        "-",
        stdin=_message(request),
        author=request.author,
    )
    return Candidate(commit.out.strip(), joined.tree)


def _message(request: MergeRequest) -> str:
    title = " ".join(request.title.replace("\0", "").split()) or f"Merge {request.branch} into {request.base}"
    body = request.message.replace("\0", "").strip()
    parts = [title, body, f"Leadhand-Session: {refs.checked(request.session)}"]
    return "\n\n".join(part for part in parts if part) + "\n"


async def _replay(
    git: Git, request: MergeRequest, old: str, tip: str, since: str | None, tree: str
) -> Candidate | Conflict | Blocked:
    """Put the branch's commits on the base one by one, each as a three-way merge from its parent."""
    repository, head = request.project, old
    without = [old] + ([since] if since else [])
    listed = await git.run(
        repository, "rev-list", "--reverse", "--topo-order", "--parents", tip, "--not", *without
    )
    for line in listed.out.splitlines():
        commit, *parents = line.split()
        if len(parents) != 1:
            continue  # merges bring in what the base has; a resolution made in one is caught below
        joined = await join(git, repository, head, commit, parents[0])
        if joined is None or joined.conflicts:
            return Conflict(joined.conflicts if joined else ())
        if joined.tree != await refs.tree_of(git, repository, head):
            head = await _copy(git, repository, commit, joined.tree, head)
    result = await refs.tree_of(git, repository, head)
    # One by one must give what the whole gives, or a merge commit held something of its own.
    return Candidate(head, result) if result == tree else Blocked(Reason.MERGE_COMMITS)


async def _copy(git: Git, repository: Path, commit: str, tree: str, parent: str) -> str:
    """The same commit with another tree and parent; its author and date stay."""
    shown = await git.run(
        repository, "log", "-1", "--no-show-signature", "--date=raw", f"--format={_HEADER}", commit
    )
    name, email, date, message = shown.out.split("\0", 3)
    env = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": date}
    made = await git.run(repository, "commit-tree", tree, "-p", parent, "-F", "-", stdin=message, env=env)
    return made.out.strip()
