"""`leadhand demo`: a local Telegram, a scripted agent and a throw-away repository behind one URL."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import tempfile
from pathlib import Path

from bot.app import App
from bot.sandbox import Person, Sandbox
from core import Engine, demo
from core.config import Config, Settings, prepare_home
from core.demo.repository import create

PACE = "1"


def command(options: argparse.Namespace) -> int:
    """Run the demo until it is interrupted; nothing of it stays."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    with tempfile.TemporaryDirectory(prefix="leadhand-demo-") as folder:
        return asyncio.run(_demo(Path(folder), options.port))


async def _demo(folder: Path, port: int) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    repository = folder / "tally"
    create(repository)
    async with Sandbox(limits=True, private_topics=False) as sandbox:
        you = sandbox.user("You")
        chat = you.private()
        chat.tips("Add a JSON output format", "Print the count as a table")
        crew = sandbox.group("Crew", [you, sandbox.user("Bob")], forum=True, bot_admin=True)
        crew.tips("/allow", "/new tally csv: Add a CSV output format")
        await sandbox.serve(port)
        config = _config(folder, repository, sandbox, you)
        prepare_home(config.home)
        try:
            async with App.open(config) as app:
                await chat.say("/start")  # so that the chat begins with the bot's own welcome
                print(f"leadhand demo: open {sandbox.page_url}", flush=True)
                print(f"the demo repository is {repository}; Ctrl-C ends everything", flush=True)
                await app.run_until(stop)
        finally:
            keeper = await Engine.keeper(config.home)
            if keeper is not None:
                await keeper.stop(force=True, grace_s=1.0)
    return 0


def _config(folder: Path, repository: Path, sandbox: Sandbox, owner: Person) -> Config:
    checkout = str(Path(__file__).parents[2])
    agent = {
        "driver": "claude",
        "command": list(demo.command()),
        "env": {
            "LEADHAND_DEMO_PACE": PACE,
            "CLAUDE_CONFIG_DIR": str(folder / "agent"),
            "PYTHONPATH": checkout,
        },
    }
    settings = Settings.model_validate(
        {
            "telegram": {"token": sandbox.token, "api": sandbox.url, "owner": owner.id},
            "defaults": {"agent": "demo"},
            "projects": {"tally": {"path": str(repository)}},
            "agents": {"demo": agent},
        }
    )
    return Config(folder / "home", settings, {})
