"""Everything that can go wrong on purpose, as fields instead of prose.

LeadhandError
├── ConfigError        BadSetting · NoToken · HomeBroken
├── StartError         TokenRefused · TelegramUnreachable · AlreadyRunning · StoreBroken · DiskFull
├── ProjectError       UnknownProject · NoSuchFolder · NotARepository · RepositoryUnusable · BaseMissing
│                      NoCommits · GitTooOld · WorktreeFailed
├── AgentProblem       UnknownAgent · AgentMissing · AgentUnusable · KeeperDown
├── SessionError       UnknownSession · WhichSession · NotRunning · NothingPending · NothingWaits
│                      NothingChosen · NotAnOption · BadInput
└── DecisionError      DecisionStale · DecisionTaken · NotAllowed

The class docstring is the default message; `key` names the text a person sees (`errors.ftl`).
"""

from __future__ import annotations

import re
from typing import ClassVar


class LeadhandError(Exception):
    """Something went wrong; nothing was lost."""

    key: ClassVar[str] = "error-unknown"

    def __init__(self, **fields: object) -> None:
        self.fields = {name: str(value) for name, value in fields.items()}
        super().__init__(self.message())

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.key = "error-" + re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    def message(self) -> str:
        """One clear English line for terminals and logs."""
        template = (type(self).__doc__ or "").strip().splitlines()[0]
        return template.format_map(_Known(self.fields))


class _Known(dict[str, str]):
    """Leaves a placeholder standing when its field was not given."""

    def __missing__(self, key: str) -> str:
        return "?"


class ConfigError(LeadhandError):
    """The configuration cannot be used."""


class BadSetting(ConfigError):
    """{file}: {setting}: {reason}"""


class NoToken(ConfigError):
    """no Telegram token: set LEADHAND_TELEGRAM_TOKEN or [telegram] token in {file}"""


class HomeBroken(ConfigError):
    """{path}: {reason}"""


class StartError(LeadhandError):
    """Leadhand cannot start."""


class TokenRefused(StartError):
    """Telegram refused the token: get a new one from @BotFather and set LEADHAND_TELEGRAM_TOKEN"""


class AlreadyRunning(StartError):
    """another leadhand is running with this {what}: stop it first"""


class StoreBroken(StartError):
    """{path}: {reason}"""


class DiskFull(StartError):
    """no space left for {path}: free some space and start again; nothing was changed"""


class TelegramUnreachable(StartError):
    """Telegram does not answer at {api}: {reason}"""


class ProjectError(LeadhandError):
    """The project cannot be worked on."""


class UnknownProject(ProjectError):
    """there is no project {name}; known: {known}"""


class NotARepository(ProjectError):
    """{path} is not a git repository"""


class NoSuchFolder(ProjectError):
    """there is no folder {path}"""


class RepositoryUnusable(ProjectError):
    """the git repository {path} cannot be used: {reason}"""


class BaseMissing(ProjectError):
    """{path} has no branch {base}; it has: {candidates}"""


class NoCommits(ProjectError):
    """{path} has no commit yet"""


class GitTooOld(ProjectError):
    """git {found} is too old: 2.38 or newer is needed"""


class WorktreeFailed(ProjectError):
    """the worktree could not be made: {reason}"""


class AgentProblem(LeadhandError):
    """The agent cannot be run."""


class UnknownAgent(AgentProblem):
    """there is no agent {name}; known: {known}"""


class AgentMissing(AgentProblem):
    """the agent {agent} is not installed: {command} was not found"""


class AgentUnusable(AgentProblem):
    """the agent {agent} does not start: {reason}"""


class KeeperDown(AgentProblem):
    """the keeper does not answer: {reason}"""


class SessionError(LeadhandError):
    """The session cannot do that."""


class UnknownSession(SessionError):
    """there is no session {name}"""


class WhichSession(SessionError):
    """several sessions wait for {command}: {names}"""


class NothingWaits(SessionError):
    """nothing waits for {command}"""


class NothingChosen(SessionError):
    """no option was chosen"""


class NotAnOption(SessionError):
    """only the options answer this question"""


class NotRunning(SessionError):
    """session {name} is not running"""


class NothingPending(SessionError):
    """session {name} waits for no such decision"""


class BadInput(SessionError):
    """{reason}"""


class DecisionError(LeadhandError):
    """The decision was not taken."""


class DecisionStale(DecisionError):
    """this button is out of date"""


class DecisionTaken(DecisionError):
    """already decided: {verb} by {by}"""


class NotAllowed(DecisionError):
    """{user} may not {action}"""
