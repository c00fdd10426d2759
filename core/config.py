"""Reads the configuration: the only reader of environment and TOML.

`$LEADHAND_HOME/leadhand.toml` under three environment variables. Unknown keys are errors with a
suggestion; every error names file, key and reason.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from core.errors import BadSetting, HomeBroken, UnknownAgent, UnknownProject
from core.host.agents.registry import DRIVERS
from core.model import Policy
from core.states import PermissionMode, PlanApproval, Strategy

PUBLIC_API = "https://api.telegram.org"
ENVIRONMENT = {
    "LEADHAND_TELEGRAM_TOKEN": ("telegram", "token"),
    "LEADHAND_TELEGRAM_API": ("telegram", "api"),
    "LEADHAND_TELEGRAM_OWNER": ("telegram", "owner"),
}
FOLDERS = ("keeper", "host", "worktrees")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


def _argv(value: Any) -> Any:
    """A command may be written as one word."""
    return (value,) if isinstance(value, str) else value


def _token(value: str) -> str:
    """A token is a part of every address: what would change the address is no token."""
    if re.search(r"[\s/?#%\\]", value.strip()):
        raise ValueError("is not a bot token; one looks like 123456:ABC-def")
    return value.strip()


def _address(value: str) -> str:
    """The base of a Bot API server, to which `/bot<token>/<method>` is appended."""
    try:
        parts = urlsplit(value)
        host = parts.hostname if parts.scheme in {"http", "https"} and parts.port != 0 else None
        extra = parts.query or parts.fragment or re.search(r"\s", value)
    except ValueError:
        host, extra = None, ""
    if not host or extra:
        raise ValueError("is not an address such as https://api.telegram.org")
    return value


def _folder(value: Path) -> Path:
    """A path means the same wherever Leadhand is started."""
    try:
        path = value.expanduser()
    except RuntimeError:
        raise ValueError(f"{value} begins with a user who does not exist") from None
    if not path.is_absolute():
        raise ValueError("must be absolute or begin with ~")
    return path


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Telegram(_Table):
    """How the bot reaches Telegram."""

    token: Annotated[str, AfterValidator(_token)] | None = None
    api: Annotated[str, AfterValidator(_address)] = PUBLIC_API
    owner: int | None = Field(default=None, gt=0)
    webhook: str | None = Field(default=None, pattern=r"^https?://")
    webhook_port: int = Field(default=8443, ge=1, le=65535)


class Overrides(_Table):
    """What a project may set differently from `[defaults]`."""

    agent: str | None = None
    permission_mode: PermissionMode | None = None
    plan_approval: PlanApproval | None = None
    strategy: Strategy | None = None
    locale: str | None = None


class Defaults(_Table):
    """How sessions run unless told otherwise."""

    agent: str = "claude"
    permission_mode: PermissionMode = PermissionMode.PLAN
    plan_approval: PlanApproval = PlanApproval.ASK
    strategy: Strategy = Strategy.ASK
    locale: str | None = None


class Project(Overrides):
    """A repository and its policy."""

    path: Annotated[Path, AfterValidator(_folder)]
    base: str | None = None
    chat: int | None = None


class Agent(_Table):
    """How to run one agent."""

    driver: Literal["claude", "codex", "opencode", "pi", "acp", "pty"]
    command: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_argv)] = Field(
        min_length=1
    )
    env: dict[str, str] = Field(default_factory=dict)
    model: str | None = None
    base_url: str | None = None
    key_env: str | None = None
    fallback: str | None = None


class Empty(_Table):
    """A table whose keys come with the feature it belongs to."""


class Settings(_Table):
    """The whole file."""

    telegram: Telegram = Field(default_factory=Telegram)
    defaults: Defaults = Field(default_factory=Defaults)
    projects: dict[str, Project] = Field(default_factory=dict)
    agents: dict[str, Agent] = Field(default_factory=dict)
    delegate: Empty = Field(default_factory=Empty)
    budgets: Empty = Field(default_factory=Empty)
    board: Empty = Field(default_factory=Empty)
    fleet: Empty = Field(default_factory=Empty)


BUILT_IN_AGENTS = {"claude": Agent(driver="claude", command=("claude",), key_env="ANTHROPIC_API_KEY")}


@dataclass(frozen=True, slots=True)
class Config:
    """Checked settings, the home they belong to, and where each value came from."""

    home: Path
    settings: Settings
    sources: Mapping[str, str]

    @property
    def telegram(self) -> Telegram:
        """Return the `[telegram]` table."""
        return self.settings.telegram

    @property
    def agents(self) -> Mapping[str, Agent]:
        """Return the agents of the file on top of the built-in ones."""
        return {**BUILT_IN_AGENTS, **self.settings.agents}

    def agent(self, name: str) -> Agent:
        """Return an agent or raise `UnknownAgent`."""
        try:
            return self.agents[name]
        except KeyError:
            raise UnknownAgent(name=name, known=", ".join(sorted(self.agents))) from None

    def project(self, name: str) -> Project:
        """Return a project or raise `UnknownProject`."""
        try:
            return self.settings.projects[name]
        except KeyError:
            known = ", ".join(sorted(self.settings.projects)) or "none"
            raise UnknownProject(name=name, known=known) from None

    def policy(self, project: str) -> Policy:
        """Return how a session of this project is run."""
        own, defaults = self.project(project), self.settings.defaults
        return Policy(
            agent=own.agent or defaults.agent,
            permission_mode=own.permission_mode or defaults.permission_mode,
            plan_approval=own.plan_approval or defaults.plan_approval,
            strategy=own.strategy or defaults.strategy,
            base=own.base,
        )


def home_of(environ: Mapping[str, str]) -> Path:
    """Return `$LEADHAND_HOME`, by default `~/.leadhand`."""
    named = environ.get("LEADHAND_HOME", "").strip()
    return Path(named).expanduser().absolute() if named else Path.home() / ".leadhand"


def prepare_home(home: Path) -> None:
    """Make the home with mode 0700; raise `HomeBroken` where it or a folder of it cannot be."""
    for folder in (home, *(home / name for name in FOLDERS)):
        if folder.exists() and not folder.is_dir():
            raise HomeBroken(path=folder, reason="is not a directory")
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
    except OSError as error:
        raise HomeBroken(path=home, reason=error.strerror or str(error)) from error
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise HomeBroken(path=home, reason="not readable and writable")


def load(environ: Mapping[str, str] | None = None) -> Config:
    """Read file and environment. Raises `BadSetting` or `HomeBroken`; changes nothing."""
    environ = os.environ if environ is None else environ
    home = home_of(environ)
    file = home / "leadhand.toml"
    data = _read(file)
    _refuse_nul(file, data)
    sources = {path: file.name for path, _ in _leaves(data)}
    for variable, (table, key) in ENVIRONMENT.items():
        if value := environ.get(variable, "").strip():
            section = data.setdefault(table, {})
            if not isinstance(section, dict):
                raise BadSetting(file=file, setting=table, reason="is a table, not a value")
            section[key] = value
            sources[f"{table}.{key}"] = f"environment {variable}"
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        raise _explain(file, sources, error) from None
    _cross_check(file, settings)
    return Config(home, settings, sources)


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except NotADirectoryError:
        raise HomeBroken(path=file.parent, reason="is not a directory") from None
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(file=file, setting="syntax", reason=error) from error
    except UnicodeDecodeError as error:
        raise BadSetting(file=file, setting="encoding", reason="not UTF-8") from error
    except OSError as error:
        raise BadSetting(file=file, setting="file", reason=error.strerror or str(error)) from error


def _refuse_nul(file: Path, data: Mapping[str, Any]) -> None:
    """No path, command or variable can hold a NUL, and what starts them would fail without a clear word."""
    for setting, value in _leaves(data):
        texts = [setting, *(value if isinstance(value, list) else [value])]
        if any(isinstance(text, str) and "\0" in text for text in texts):
            raise BadSetting(file=file, setting=setting.replace("\0", "�"), reason="holds a NUL character")


def _leaves(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict) and value:
            yield from _leaves(value, path + ".")
        else:
            yield path, value


def _explain(file: Path, sources: Mapping[str, str], error: ValidationError) -> BadSetting:
    """Turn the first complaint into file, key and reason, with a suggestion for a mistyped key."""
    first = error.errors(include_url=False)[0]
    path = [str(part) for part in first["loc"]]
    setting = ".".join(path)
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        reason = "unknown key" + _suggestion(path)
    source = sources.get(setting, "")
    where = source.removeprefix("environment ") if source.startswith("environment") else file
    return BadSetting(file=where, setting=setting, reason=reason[0].lower() + reason[1:])


def _suggestion(path: list[str]) -> str:
    model: type[BaseModel] | None = Settings
    tables: dict[str, type[BaseModel]] = {
        "telegram": Telegram,
        "defaults": Defaults,
        "projects": Project,
        "agents": Agent,
    }
    if len(path) > 1:
        model = tables.get(path[0])
    known = list(model.model_fields) if model else []
    close = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; known: {', '.join(known)}" if known else ""


def _cross_check(file: Path, settings: Settings) -> None:
    """Refuse names that cannot be used and agents nobody defined."""
    known = {**BUILT_IN_AGENTS, **settings.agents}
    for name in settings.projects:
        if not NAME.fullmatch(name):
            raise BadSetting(file=file, setting=f"projects.{name}", reason="a name is [a-z0-9_-], at most 32")
    for name, agent in settings.agents.items():
        if agent.driver not in DRIVERS:
            reason = f"there is no driver {agent.driver} in this version; known: {', '.join(DRIVERS)}"
            raise BadSetting(file=file, setting=f"agents.{name}.driver", reason=reason)
    named = [("defaults.agent", settings.defaults.agent)]
    named += [(f"projects.{n}.agent", p.agent) for n, p in settings.projects.items() if p.agent]
    named += [(f"agents.{n}.fallback", a.fallback) for n, a in settings.agents.items() if a.fallback]
    for setting, wanted in named:
        if wanted not in known:
            raise BadSetting(
                file=file, setting=setting, reason=f"no agent {wanted}; known: {', '.join(known)}"
            )


def explain(config: Config) -> Iterator[tuple[str, str, str]]:
    """Yield (setting, value, source) for `leadhand config`; the token is masked."""
    yield (
        "home",
        str(config.home),
        "environment LEADHAND_HOME" if "LEADHAND_HOME" in os.environ else "default",
    )
    shown = {"agents": {n: a.model_dump(mode="json") for n, a in config.agents.items()}}
    for path, value in _leaves({**config.settings.model_dump(mode="json"), **shown}):
        if value is None or value == {}:
            continue
        masked = "set" if path == "telegram.token" else value
        yield path, str(masked), config.sources.get(path, "default")
