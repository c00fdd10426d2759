"""Finds the real Claude Code CLI and starts it through the driver against a scripted model server.

`tools/real_agents.sh` installs it and names it in CLAUDE_BIN and NODE_DIR. Without it the tests that need
it are skipped; in CI that is a failure.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from core.host.agents.claude import ClaudeDriver
from core.ports import AgentSpec
from core.states import PermissionMode
from tests.model_server.script import Script
from tests.model_server.server import ModelServer
from tests.real_agents.drive import Driven

MODEL = "claude-sonnet-4-5"
ROOT = Path(__file__).parents[2]


def find() -> tuple[str, str] | None:
    """Return the CLI and the directory of its node, if they are here."""
    named, node = os.environ.get("CLAUDE_BIN", ""), os.environ.get("NODE_DIR", "")
    if named and Path(named).exists():
        return named, node
    for place in (ROOT / ".tools/agents/node_modules/.bin", ROOT / ".tools/node_modules/.bin"):
        if (place / "claude").exists():
            return str(place / "claude"), str(place)
    return None


def required() -> tuple[str, str]:
    """Return the CLI, or skip the test; in CI its absence is a failure."""
    found = find()
    if found is None:
        reason = "the Claude Code CLI is not installed: run tools/real_agents.sh"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@dataclass(slots=True)
class Bench:
    """A home, a repository and a model server for runs of the CLI."""

    root: Path
    server: ModelServer
    cli: tuple[str, str]
    runs: list[Driven] = field(default_factory=list)

    @property
    def worktree(self) -> Path:
        """Where the agent works."""
        return self.root / "worktree"

    @property
    def home(self) -> Path:
        """The agent's HOME."""
        return self.root / "home"

    def start(self, mode: PermissionMode = PermissionMode.DEFAULT, **fields: Any) -> Driven:
        """Start the CLI through the driver."""
        extra: Mapping[str, str] = fields.pop("env", {})
        given = {
            "key_env": "ANTHROPIC_API_KEY",
            "agent_session": str(uuid4()),
            "base_url": self.server.url,
            **fields,
        }
        spec = AgentSpec(
            command=(self.cli[0],),
            cwd=str(self.worktree),
            marker="run-1",
            mode=mode,
            model=MODEL,
            env={"CLAUDE_CODE_MAX_RETRIES": "2", "IS_SANDBOX": "1", **extra},
            **given,
        )
        environ = {
            "HOME": str(self.home),
            "PATH": ":".join(filter(None, (self.cli[1], os.environ["PATH"]))),
            "TMPDIR": str(self.root / "tmp"),
            "ANTHROPIC_API_KEY": "sk-ant-scripted",
        }
        run = Driven(ClaudeDriver(), spec, environ)
        self.runs.append(run)
        return run

    def resume(self, run: Driven, mode: PermissionMode, **fields: Any) -> Driven:
        """Start the CLI again on the conversation of an earlier run."""
        return self.start(mode, agent_session=run.spec.agent_session, resume=True, **fields)

    def path(self, name: str) -> str:
        """Return a path in the worktree."""
        return str(self.worktree / name)

    def transcript(self, run: Driven) -> str:
        """Return what the CLI keeps of a conversation."""
        name = f"{run.spec.agent_session}.jsonl"
        return "".join(file.read_text() for file in self.home.rglob(name))


@contextmanager
def bench(root: Path, *scripts: Script) -> Iterator[Bench]:
    """Make a bench; every run on it is ended."""
    cli = required()
    for name in ("home", "tmp", "worktree"):
        (root / name).mkdir(parents=True)
    (root / "worktree/hello.txt").write_text("hello\n")
    steps = (
        "init -qb main",
        "config user.name t",
        "config user.email t@localhost",
        "add .",
        "commit -qm start",
    )
    for line in steps:
        subprocess.run(["git", *line.split()], cwd=root / "worktree", check=True)
    server = ModelServer(*scripts)
    server.start()
    made = Bench(root, server, cli)
    try:
        yield made
    finally:
        for run in made.runs:
            run.process.kill()
        server.close()
