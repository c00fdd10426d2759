"""Finds an agent's program before anything is made for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from core.errors import AgentMissing, AgentUnusable
from core.host.settings import HostAgent


def find_program(name: str, agent: HostAgent, environ: Mapping[str, str]) -> None:
    """Raise `AgentMissing` or `AgentUnusable` where its program cannot be started."""
    program = agent.command[0]
    if "/" in program and not program.startswith("/"):
        return  # found from the worktree, which is not there yet
    path = agent.env.get("PATH") or environ.get("PATH") or os.defpath
    if shutil.which(program, path=path) is not None:
        return
    if program.startswith("/") and Path(program).exists():
        raise AgentUnusable(agent=name, reason=f"{program} may not be executed.")
    raise AgentMissing(agent=name, command=program)
