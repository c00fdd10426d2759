"""What a host knows: its home, its repositories and its agents. Control can name them, not widen them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class HostProject:
    """A repository sessions may work on."""

    path: Path
    base: str | None = None


@dataclass(frozen=True, slots=True)
class HostAgent:
    """How an agent is started here."""

    driver: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    model: str | None = None
    base_url: str | None = None
    key_env: str | None = None


@dataclass(frozen=True, slots=True)
class HostSettings:
    """Everything a host works with."""

    home: Path
    projects: Mapping[str, HostProject]
    agents: Mapping[str, HostAgent]
    environ: Mapping[str, str]
