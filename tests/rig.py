"""A real `leadhand run` beside a sandbox: real processes, sockets, git and SQLite, in a temporary home."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bot.sandbox import Note, Person, Room, Sandbox
from core.demo import command as demo_agent
from core.demo.repository import create
from core.host.keeper import Keeper, KeeperError

ROOT = Path(__file__).parent.parent
DEMO = demo_agent()
PATIENCE = 20.0


def git(repo: Path, *args: str) -> str:
    """Run git and return what it printed."""
    done = subprocess.run(["git", "-C", str(repo), *args], capture_output=True, text=True, check=True)
    return done.stdout.strip()


class Leadhand:
    """One home and the process that serves it; may be killed and started again."""

    def __init__(self, home: Path, environ: Mapping[str, str]) -> None:
        self.home = home
        self.environ = dict(environ)
        self.process: asyncio.subprocess.Process | None = None
        self.said: list[str] = []

    async def run(self, *args: str) -> tuple[int, str, str]:
        """Run a command to its end: exit code, stdout, stderr."""
        process = await self._spawn(*args)
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE * 2)
        return process.returncode or 0, out.decode(), err.decode()

    async def start(self) -> None:
        """Start `leadhand run` and wait until it is ready."""
        self.process = await self._spawn("run")
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while line := (await self.process.stdout.readline()).decode():
                self.said.append(line.rstrip("\n"))
                if line.startswith("leadhand ready"):
                    return
        assert self.process.stderr is not None
        raise AssertionError((await self.process.stderr.read()).decode())

    async def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.communicate()
        self.process = None

    async def stop(self) -> str:
        """End it in order; returns what it wrote to stderr."""
        if self.process is None:
            return ""
        self.process.send_signal(signal.SIGTERM)
        _, err = await asyncio.wait_for(self.process.communicate(), PATIENCE)
        self.process = None
        return err.decode()

    async def close(self) -> None:
        """End everything, the keeper and its agents too."""
        if self.process is not None:
            await self.kill()
        try:
            keeper = await Keeper.connect(self.home, start=False)
        except KeeperError:
            return
        await keeper.stop(force=True, grace_s=0.5)

    async def keeper(self) -> Keeper:
        """Connect to the home's keeper."""
        return await Keeper.connect(self.home, start=False)

    async def _spawn(self, *args: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *args,
            cwd=self.home.parent,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


class Stage:
    """A sandbox, a person, a repository and a Leadhand, ready to play."""

    def __init__(self, sandbox: Sandbox, ann: Person, repo: Path, leadhand: Leadhand) -> None:
        self.sandbox = sandbox
        self.ann = ann
        self.repo = repo
        self.leadhand = leadhand
        self.chat: Room = ann.private()

    async def see(self, text: str, *, after: Note | None = None, button: str | None = None) -> Note:
        """Wait for a message of the bot."""
        return await self.chat.wait(text, timeout=PATIENCE, after=after, button=button)

    def sent(self, text: str) -> int:
        """Count messages of the bot that hold a text."""
        return sum(1 for note in self.chat.messages if note.message.sender.is_bot and text in note.text)


def configuration(repo: Path, agent: str | None = None) -> str:
    """Return a configuration with one project and one agent, by default the demo agent."""
    projects = f"[defaults]\nagent = 'demo'\n[projects.tally]\npath = {str(repo)!r}\n"
    if agent is not None:
        return projects + agent
    command = ", ".join(repr(part) for part in DEMO)
    return (
        f"{projects}[agents.demo]\ndriver = 'claude'\ncommand = [{command}]\n"
        f"[agents.demo.env]\nLEADHAND_DEMO_PACE = '0'\nPYTHONPATH = {str(ROOT)!r}\n"
        f"CLAUDE_CONFIG_DIR = {str(repo.parent / 'agent')!r}\n"
    )


def environment(home: Path, sandbox: Sandbox, owner: Person | None) -> dict[str, str]:
    """Return the environment of a Leadhand that talks to the sandbox."""
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "LANG", "TMPDIR", "VIRTUAL_ENV"}}
    owned = {"LEADHAND_TELEGRAM_OWNER": str(owner.id)} if owner else {}
    return {
        **kept,
        "HOME": str(home.parent),
        "PYTHONPATH": str(ROOT),
        "LEADHAND_STRICT_TEXTS": "1",
        "LEADHAND_HOME": str(home),
        "LEADHAND_TELEGRAM_API": sandbox.url,
        "LEADHAND_TELEGRAM_TOKEN": sandbox.token,
        **owned,
    }


@asynccontextmanager
async def stage(
    tmp: Path,
    *,
    start: bool = True,
    owner: bool = True,
    limits: bool = False,
    private_topics: bool = False,
    agent: str | None = None,
    extra: str = "",
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[Stage]:
    """Set everything up, and take it down again."""
    home, repo = tmp / "home", tmp / "tally"
    create(repo)
    home.mkdir(mode=0o700)
    (home / "leadhand.toml").write_text(configuration(repo, agent) + extra, "utf-8")
    async with Sandbox(limits=limits, private_topics=private_topics) as sandbox:
        ann = sandbox.user("Ann")
        await sandbox.serve()
        leadhand = Leadhand(home, {**environment(home, sandbox, ann if owner else None), **(environ or {})})
        try:
            if start:
                await leadhand.start()
            yield Stage(sandbox, ann, repo, leadhand)
        finally:
            await leadhand.close()
