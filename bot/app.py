"""Builds the Telegram application around an engine, and runs both until told to stop."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import telegram

from bot import transport
from bot.access import Gate
from bot.cards.render import render
from bot.commands.desk import Desk
from bot.dispatch import COMMANDS, Dispatch
from bot.inbox import JournalQueue
from bot.lanes import LaneLimiter
from bot.message import Message
from bot.ordering import PerChat
from bot.outbox import Outbox
from bot.pairing import new_code
from bot.text.catalog import Texts
from bot.voice import Voice
from core import Engine
from core.clock import SystemClock
from core.config import Config
from core.model import Notice

log = logging.getLogger(__name__)
STOP_GRACE_S = 5.0


class App:
    """One bot on one engine, with everything in between."""

    def __init__(self, engine: Engine, texts: Texts, application: Any, outbox: Outbox) -> None:
        self.engine = engine
        self.texts = texts
        self.application = application
        self.outbox = outbox
        self.pairing_code: str | None = None

    @property
    def name(self) -> str:
        """Return the bot's user name."""
        return str(self.application.bot.username)
