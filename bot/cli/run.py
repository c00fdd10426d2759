"""`leadhand run`: the bot, control and host in one process; the keeper beside it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys

from bot.app import App
from bot.cli.settings import read
from bot.secrecy import redactor_of
from bot.text.redact import RedactingFilter
from core.config import Config
from core.errors import NoToken

log = logging.getLogger(__name__)


def command(_: argparse.Namespace) -> int:
    """Run until a signal ends it, or until going on makes no sense."""
    config = read()
    if not config.telegram.token:
        raise NoToken(file=config.home / "leadhand.toml")
    _log_to_stderr(config)
    # Agents inherit an allow-list, but the token has no business in this process's environment either.
    os.environ.pop("LEADHAND_TELEGRAM_TOKEN", None)
    return asyncio.run(serve(config))


async def serve(config: Config) -> int:
    """Run the application until it is told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with App.open(config) as app:
        if app.pairing_code:
            print(
                f"pairing code {app.pairing_code}: send /start {app.pairing_code} to @{app.name}", flush=True
            )
        print(f"leadhand ready as @{app.name}", flush=True)
        await app.run_until(stop)
    return 0


def _log_to_stderr(config: Config) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(RedactingFilter(redactor_of(config, os.environ)))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
