"""A stage whose agent plays a script: `acting(tmp_path, [("plan", "…"), ("end", "…")])`."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.rig import ROOT, Stage, stage

SCRIPTED = [sys.executable, str(ROOT / "tests" / "fakes" / "agent.py")]
Turn = list[tuple[str, Any]]


def scripted(repo: Path, script: Path, **project: str) -> str:
    """A configuration whose agent plays a script."""
    command = ", ".join(repr(part) for part in SCRIPTED)
    extra = "".join(f"{key} = {value!r}\n" for key, value in project.items())
    return (
        f"[defaults]\nagent = 'scripted'\n[projects.tally]\npath = {str(repo)!r}\n{extra}"
        f"[agents.scripted]\ndriver = 'claude'\ncommand = [{command}]\n"
        f"[agents.scripted.env]\nPYTHONPATH = {str(ROOT)!r}\nAGENT_SCRIPT = {str(script)!r}\n"
    )


@asynccontextmanager
async def acting(tmp: Path, *turns: Turn, **project: str) -> AsyncIterator[Stage]:
    """A stage whose agent plays these turns."""
    async with stage(tmp, start=False) as play:
        script = tmp / "script.json"
        script.write_text(json.dumps(turns))
        (play.leadhand.home / "leadhand.toml").write_text(scripted(play.repo, script, **project))
        await play.leadhand.start()
        yield play


def heard(tmp: Path) -> list[dict[str, Any]]:
    """What the agent was told so far."""
    file = tmp / "script.heard"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
