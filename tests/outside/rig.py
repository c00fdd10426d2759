"""Leadhand as a stranger runs it: the command, a home, a repository, and nothing of its own tests."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.outside.api import TOKEN, BotApi, Card

OWNER = 77
ROOT = Path(__file__).parents[2]
AGENT = Path(__file__).with_name("agent.py")
START_S = 30.0


@dataclass
class Outside:
    """One home with its bot."""

    folder: Path
    api: BotApi = field(default_factory=BotApi)
    owner: int | None = OWNER
    settings: str = ""
    agent: str = ""
    projects: tuple[str, ...] = ("shop",)
    process: subprocess.Popen[str] | None = None

    def __post_init__(self) -> None:
        self.home = self.folder / "home"
        self.home.mkdir(parents=True)
        self.log = self.folder / "agent.log"
        self.stdout: list[str] = []
        for name in self.projects:
            self.make_repository(name)
        self.write_config()

    # ---- set-up ---------------------------------------------------------------------------------------

    def repository(self, name: str = "shop") -> Path:
        return self.folder / name

    def make_repository(self, name: str) -> None:
        path = self.repository(name)
        path.mkdir()
        (path / "readme.txt").write_text("one\ntwo\nthree\n")
        self.git("init", "-q", "-b", "main", project=name)
        self.git("add", ".", project=name)
        self.git("commit", "-qm", "first", project=name)

    def git(self, *words: str, project: str = "shop") -> str:
        who = ["-c", "user.name=Stranger", "-c", "user.email=stranger@example.org"]
        command = ["git", "-C", str(self.repository(project)), *who, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def write_config(self) -> None:
        text = '[defaults]\nagent = "mine"\n' + self.settings + "\n"
        for name in self.projects:
            if f"[projects.{name}]" not in text:
                text += f'[projects.{name}]\npath = "{self.repository(name)}"\n'
        command = json.dumps([sys.executable, str(AGENT)])
        text += f'[agents.mine]\ndriver = "claude"\ncommand = {command}\n{self.agent}\n'
        if "[agents.mine.env]" not in text:
            text += "[agents.mine.env]\n"
        text += f'OUTSIDE_LOG = "{self.log}"\n'
        (self.home / "leadhand.toml").write_text(text)

    def environment(self) -> dict[str, str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith("LEADHAND")}
        env |= {"LEADHAND_HOME": str(self.home), "PYTHONPATH": str(ROOT)}
        env |= {"LEADHAND_TELEGRAM_TOKEN": TOKEN, "LEADHAND_TELEGRAM_API": self.api.url}
        if self.owner:
            env["LEADHAND_TELEGRAM_OWNER"] = str(self.owner)
        return env

    # ---- life -----------------------------------------------------------------------------------------

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "bot", *words]
        return subprocess.run(
            argv,
            env=self.environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def run(self) -> Outside:
        """Start `leadhand run` and wait for its line."""
        argv = [sys.executable, "-m", "bot", "run"]
        errors = (self.folder / "stderr.txt").open("a")
        self.process = subprocess.Popen(
            argv, env=self.environment(), cwd=self.folder, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        errors.close()
        self.stdout = []
        ready = threading.Event()
        self._listener = threading.Thread(target=self._listen, args=(self.process, ready), daemon=True)
        self._listener.start()
        assert ready.wait(START_S), (self.folder / "stderr.txt").read_text()[-3000:]
        return self

    def _listen(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self.stdout.append(line.rstrip("\n"))
                if line.startswith("leadhand ready"):
                    ready.set()

    def kill(self) -> None:
        """As if the power went."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._listener.join()

    def end(self) -> int:
        """Ask it to stop."""
        assert self.process is not None
        self.process.terminate()
        code = self.process.wait(20)
        self._listener.join()
        return code

    def keeper_pids(self) -> tuple[int, int]:
        """Read vault and pump as `leadhand keeper status` says them."""
        shown = self.command("keeper", "status").stdout
        vault, pump = re.search(r"vault (\d+)", shown), re.search(r"pump (\d+)", shown)
        assert vault, shown
        assert pump, shown
        return int(vault[1]), int(pump[1])

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.command("keeper", "stop", "--force")
        self.api.stop()

    # ---- what the agents saw ----------------------------------------------------------------------------

    def heard(self, **keys: str) -> list[dict[str, Any]]:
        if not self.log.exists():
            return []
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if all(line.get(k) == v for k, v in keys.items())]

    def starts(self) -> list[dict[str, Any]]:
        return [line for line in self.heard() if "start" in line]

    def prompts(self) -> list[str]:
        frames = [line["frame"] for line in self.heard() if "frame" in line]
        return [frame["message"]["content"] for frame in frames if frame["type"] == "user"]

    def answers(self, session: str | None = None) -> list[dict[str, Any]]:
        """The answers agents got, in the order they came."""
        lines = self.heard(session=session) if session else self.heard()
        frames = [line["frame"] for line in lines if "frame" in line]
        return [f["response"]["response"] for f in frames if f["type"] == "control_response"]

    def until(self, seen: Any, what: str, patience: float = 20.0) -> Any:
        until = time.monotonic() + patience
        while not (found := seen()):
            if time.monotonic() > until:
                stderr = (self.folder / "stderr.txt").read_text()[-2000:]
                raise AssertionError(f"{what} did not come\n{self.api.transcript()}\n{stderr}")
            time.sleep(0.05)
        return found

    def of(self, name: str) -> str:
        """The agent's id of a session, by the name of its branch or worktree."""
        for line in self.starts():
            if Path(line["cwd"]).name.startswith(name):
                return str(line["session"])
        raise AssertionError(f"no agent of {name}: {[line['cwd'] for line in self.starts()]}")

    def person(self, user: int, project: str = "shop") -> Person:
        """Pair one more person: chats have a pace of their own."""
        code = self.command("pair").stdout.split()[-1]
        self.api.say(f"/start {code}", user=user)
        self.api.wait(lambda: [c for c in self.api.all("Paired") if c.chat == user], "the pairing")
        return Person(self, user, project)


@dataclass(frozen=True)
class Person:
    """Somebody in a private chat with the bot."""

    outside: Outside
    user: int = OWNER
    project: str = "shop"

    @property
    def api(self) -> BotApi:
        return self.outside.api

    def git(self, *words: str) -> str:
        return self.outside.git(*words, project=self.project)

    def new(self, name: str, task: str) -> None:
        self.say(f"/new {self.project} {name}: {task}")

    def say(self, text: str, reply_to: Card | None = None) -> None:
        self.api.say(text, user=self.user, reply_to=reply_to)

    def press(self, card: Card, label: str) -> None:
        self.api.press(card, label, user=self.user)

    def pause(self) -> None:
        """Leave time for what must not come."""
        time.sleep(1.5)

    def card(self, *parts: str, button: str = "") -> Card:
        return self.api.card(*parts, button=button, chat=self.user)

    def plan(self, name: str, version: int = 1) -> Card:
        return self.card(f"📋 [{name}] Plan v{version}", button="Approve")
