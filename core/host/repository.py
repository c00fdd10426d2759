"""What a session's orders mean in git: its worktree, its branch, its landing. Speaks events, not git."""

from __future__ import annotations

from pathlib import Path

from core import errors
from core.errors import UnknownProject
from core.events import WorktreeCreated, WorktreeInspected, WorktreeLanded, WorktreeRemoved
from core.host.settings import HostProject, HostSettings
from core.model import Changes, Json, SessionId
from core.states import Strategy


class Repository:
    """The host's projects and the worktrees of its sessions."""

    def __init__(self, settings: HostSettings) -> None:
        self._settings = settings

    async def close(self) -> None:
        """Let running git commands end."""

    def cwd(self, session: SessionId, order: Json) -> Path:
        """Return where a session's agent works: its worktree, or the checkout with strategy off."""
        if order["strategy"] == Strategy.OFF:
            return self._project(order).path
        return self._settings.home / "worktrees" / str(order["project"]) / str(order["name"])

    def _project(self, order: Json) -> HostProject:
        try:
            return self._settings.projects[order["project"]]
        except KeyError:
            known = ", ".join(self._settings.projects)
            raise UnknownProject(name=order["project"], known=known) from None

    async def provision(self, session: SessionId, order: Json) -> WorktreeCreated:
        """Make the session's worktree, or find it again."""
        raise errors.WorktreeFailed(reason="not there yet")

    async def tree(self, session: SessionId, order: Json) -> str:
        """Return the git tree of everything in the worktree, untracked files included."""
        return ""

    async def inspect(self, session: SessionId, order: Json, title: str) -> WorktreeInspected:
        """Commit what the agent forgot and measure the branch."""
        return WorktreeInspected(Changes())

    async def land(self, session: SessionId, order: Json, wish: Json) -> WorktreeLanded:
        """Merge the session's branch into its base."""
        raise errors.WorktreeFailed(reason="not there yet")

    async def remove(self, session: SessionId, order: Json, *, only_clean: bool) -> WorktreeRemoved:
        """Remove the session's worktree, keeping a backup ref."""
        raise errors.WorktreeFailed(reason="not there yet")
