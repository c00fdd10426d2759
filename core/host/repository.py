"""What a session's orders mean in git: its worktree, its branch, its landing. Speaks events, not git."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core import errors
from core.errors import LeadhandError, UnknownProject
from core.events import WorktreeCreated, WorktreeInspected, WorktreeLanded, WorktreeRemoved
from core.host.git import errors as git_errors
from core.host.git.changes import changes
from core.host.git.commit import commit_forgotten
from core.host.git.landing import merge
from core.host.git.listing import dirty_files
from core.host.git.outcomes import (
    AlreadyLanded,
    BaseMoved,
    Blocked,
    Conflict,
    Merged,
    MergeRequest,
    NothingToMerge,
    Outcome,
)
from core.host.git.project import Base, find_base
from core.host.git.records import Worktree, WorktreeSpec
from core.host.git.refs import tree_of
from core.host.git.removal import Removed, remove
from core.host.git.runner import Git
from core.host.git.snapshot import tree
from core.host.git.worktree import create, reopen
from core.host.journal import Journal
from core.host.settings import HostProject, HostSettings
from core.model import Changes, Json
from core.states import Strategy

SUBJECT = 72


class Repository:
    """The host's projects and the worktrees of its sessions."""

    def __init__(self, settings: HostSettings) -> None:
        self._settings = settings
        self._git = Git(scratch=settings.home / "scratch")

    async def close(self) -> None:
        """Let running git commands end."""
        self._git.close()

    def cwd(self, journal: Journal, order: Json) -> Path:
        """Return where a session's agent works: its worktree, or the checkout with strategy off."""
        if order["strategy"] == Strategy.OFF:
            return self._project(order).path
        return Path(journal.worktree["path"])

    async def problem(self, project: HostProject) -> LeadhandError | None:
        """Return what is wrong with a project, if something is."""
        try:
            with _told():
                await find_base(self._git, project.path, project.base)
        except LeadhandError as error:
            return error
        return None

    async def provision(self, journal: Journal, order: Json) -> WorktreeCreated:
        """Make the session's worktree, or find it again. Its place never changes: agents resume by it."""
        with _told():
            worktree, dirty = await self._reopened(journal), 0
            if worktree is None:
                worktree, start, dirty = await self._made(journal, order)
            else:
                start = await tree_of(self._git, worktree.project, worktree.base_sha)
        return WorktreeCreated(
            str(worktree.path), worktree.branch, worktree.base, worktree.base_sha, start, dirty
        )

    async def _made(self, journal: Journal, order: Json) -> tuple[Worktree, str, int]:
        """Make the worktree; find the tree it starts from and count what it does not get, all at once."""
        project = self._project(order)
        base = await find_base(self._git, project.path, order["base"] or project.base)
        worktree, start, dirty = await asyncio.gather(  # the agent waits for all of it
            self._create(journal, order, base), tree_of(self._git, base.root, base.sha), self._dirty(base)
        )
        if worktree.base_sha != base.sha:  # it was begun before we died, from an older base
            start = await tree_of(self._git, base.root, worktree.base_sha)
        return worktree, start, dirty

    async def _dirty(self, base: Base) -> int:
        """Count the files of the checkout whose changes are not committed."""
        return 0 if base.bare else len(await dirty_files(self._git, base.root))

    async def _reopened(self, journal: Journal) -> Worktree | None:
        """Bring back the worktree a session had; None when its branch was merged away or discarded."""
        if not journal.worktree:
            return None
        try:
            return await reopen(self._git, _worktree(journal))
        except git_errors.BranchMissing:
            return None

    async def _create(self, journal: Journal, order: Json, base: Base) -> Worktree:
        identity = f"{order['name']}-{str(order['agent_session'])[:8]}"
        worktree = await create(
            self._git,
            WorktreeSpec(
                project=base.root,
                path=self._settings.home / "worktrees" / str(order["project"]) / identity,
                branch=f"leadhand/{order['name']}",
                base_sha=base.sha,
                session=identity,
                base_name=base.name,
            ),
            base.common_dir,
        )
        journal.provisioned(_facts(worktree))
        return worktree

    async def tree(self, journal: Journal) -> str:
        """Return the git tree of everything in the worktree, untracked files included; empty without one."""
        if not journal.worktree:
            return ""
        with _told():
            return await tree(self._git, _worktree(journal))

    async def inspect(self, journal: Journal, title: str) -> WorktreeInspected:
        """Commit what the agent forgot and measure the branch."""
        if not journal.worktree:
            return WorktreeInspected(Changes())
        worktree = _worktree(journal)
        with _told():
            commit = await commit_forgotten(self._git, worktree, title)
            found = await changes(self._git, worktree)
        measured = Changes(
            commits=found.commits,
            files=found.files,
            added=found.added,
            deleted=found.deleted,
            tip=found.tip,
            top=found.top_files[:20],
            subjects=found.subjects[:20],
            conflicts=found.conflicts[:50],
        )
        return WorktreeInspected(measured, commit or "")

    async def land(self, journal: Journal, wish: Json) -> WorktreeLanded:
        """Merge the session's branch into its base."""
        worktree = _worktree(journal)
        task = str(wish["task"])
        request = MergeRequest(
            project=worktree.project,
            branch=worktree.branch,
            base=worktree.base,
            title=f"{wish['name']}: {task.splitlines()[0]}"[:SUBJECT],
            session=worktree.session,
            start=worktree.base_sha,
            message=task,
        )
        with _told():
            return _landed(worktree, await merge(self._git, request))

    async def remove(self, journal: Journal, *, only_clean: bool) -> WorktreeRemoved:
        """Remove the session's worktree; content that is not on its base is kept under a backup ref first."""
        if not journal.worktree:
            return WorktreeRemoved(removed=True)
        worktree = _worktree(journal)
        with _told():
            outcome = await remove(self._git, worktree, force_with_backup=not only_clean)
        if isinstance(outcome, Removed):
            return WorktreeRemoved(removed=True, backup=outcome.backup)
        reasons = tuple(f"{why}: {detail}" if detail else str(why) for why, detail in outcome.reasons)
        return WorktreeRemoved(removed=False, backup=outcome.backup, reasons=reasons)

    def _project(self, order: Json) -> HostProject:
        try:
            return self._settings.projects[order["project"]]
        except KeyError:
            known = ", ".join(self._settings.projects)
            raise UnknownProject(name=order["project"], known=known) from None


def _worktree(journal: Journal) -> Worktree:
    facts = journal.worktree
    if not facts:
        raise errors.WorktreeFailed(reason="the session has no worktree")
    return Worktree(**{**facts, "project": Path(facts["project"]), "path": Path(facts["path"])})


def _facts(worktree: Worktree) -> Json:
    return {
        "project": str(worktree.project),
        "path": str(worktree.path),
        "branch": worktree.branch,
        "base": worktree.base,
        "base_sha": worktree.base_sha,
        "session": worktree.session,
    }


def _landed(worktree: Worktree, outcome: Outcome) -> WorktreeLanded:
    base = worktree.base
    match outcome:
        case Merged():
            return WorktreeLanded("merged", base, outcome.old, outcome.new)
        case AlreadyLanded():
            return WorktreeLanded("already", base, reason=str(outcome.evidence.state))
        case NothingToMerge():
            return WorktreeLanded("nothing", base)
        case Conflict():
            return WorktreeLanded("conflict", base, files=outcome.files)
        case BaseMoved():
            return WorktreeLanded("moved", base)
        case Blocked():
            return WorktreeLanded(
                "blocked", base, files=outcome.files, reason=outcome.detail or str(outcome.reason)
            )


def _unusable(error: git_errors.NotARepository) -> LeadhandError:
    if not error.path.is_dir():
        return errors.NoSuchFolder(path=error.path)
    if not error.reason or "not a git repository" in error.reason:
        return errors.NotARepository(path=error.path)
    return errors.RepositoryUnusable(path=error.path, reason=error.reason)  # such as a foreign owner


@contextmanager
def _told() -> Iterator[None]:
    """Turn git's errors into errors that have a text."""
    try:
        yield
    except git_errors.NotARepository as error:
        raise _unusable(error) from error
    except git_errors.NoCommits as error:
        raise errors.NoCommits(path=error.path) from error
    except git_errors.BaseMissing as error:
        candidates = ", ".join(error.candidates) or "none"
        raise errors.BaseMissing(path=error.path, base=error.base or "?", candidates=candidates) from error
    except git_errors.GitTooOld as error:
        raise errors.GitTooOld(found=error.found) from error
    except git_errors.GitError as error:
        meaning = (type(error).__doc__ or "").strip().splitlines()[0]
        raise errors.WorktreeFailed(reason=f"{meaning} ({error})") from error
