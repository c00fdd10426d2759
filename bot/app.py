"""Builds the Telegram application around an engine, and runs both until told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Self

from telegram.ext import Application
from telegram.request import BaseRequest

from bot import transport
from bot.access import Gate, new_code
from bot.cards.render import render
from bot.commands.desk import Desk
from bot.dispatch import Dispatch
from bot.inbox import JournalQueue
from bot.lanes import LaneLimiter
from bot.message import Message
from bot.ordering import PerChat
from bot.outbox import Outbox
from bot.text.catalog import Texts
from core import Engine
from core.config import Config
from core.model import ChatId, Notice, UserId

log = logging.getLogger(__name__)
