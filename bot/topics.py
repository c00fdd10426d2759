"""The topic a session talks in: made before its first message, made again once when somebody deleted it.

Where a topic cannot be had, the session talks in the chat itself: no message is lost for want of a topic.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from typing import Protocol

from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.refusals import Refusal, refusal
from core.model import Notice, SessionId
from core.states import Priority

log = logging.getLogger(__name__)

TITLE_LENGTH = 128
NO_TOPIC = frozenset({Refusal.CONTENT, Refusal.UNREACHABLE, Refusal.TOPIC_GONE, Refusal.NO_METHOD})


class TopicMarks(Protocol):
    """What is stored about topics."""

    async def wanted_topic(self, session: SessionId) -> str | None:
        """Return the title of the topic that is to be made for a session, if one is."""
        ...

    async def topic_made(self, session: SessionId, thread: int | None) -> None:
        """Remember a session's topic; None: there is none, talk in the chat itself."""
        ...


class Topics:
    """Makes topics where they are wanted."""

    def __init__(self, bot: ExtBot[Priority], marks: TopicMarks) -> None:
        self._bot = bot
        self._marks = marks
        self._remade: set[SessionId] = set()

    async def find(self, row: Notice) -> Notice:
        """Return the notice with the topic it belongs to, which is made if it is wanted and missing."""
        if row.session is None or row.thread is not None:
            return row
        title = await self._marks.wanted_topic(row.session)
        return await self._make(row, row.session, title) if title else row

    async def replace(self, row: Notice) -> Notice:
        """The topic is gone: return the notice with a new one, or with none the second time."""
        if row.session is None:
            return dataclasses.replace(row, thread=None)
        if row.session in self._remade:
            await self._marks.topic_made(row.session, None)
            return dataclasses.replace(row, thread=None)
        self._remade.add(row.session)
        title = await self._marks.wanted_topic(row.session) or str(row.data.get("name", row.session))
        return await self._make(row, row.session, title)

    async def _make(self, row: Notice, session: SessionId, title: str) -> Notice:
        thread: int | None = None
        try:
            topic = await self._bot.create_forum_topic(
                row.chat, title[:TITLE_LENGTH], rate_limit_args=row.priority
            )
            thread = topic.message_thread_id
        except TelegramError as error:
            if refusal(error) not in NO_TOPIC:
                raise
            log.warning("no topic in chat %s: %s", row.chat, error)
        await asyncio.shield(self._marks.topic_made(session, thread))
        return dataclasses.replace(row, thread=thread)
