"""The desk every command works at: who wrote what where, the engine, and how to answer."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import telegram

from bot.commands.pieces import Pieces
from bot.text.catalog import Texts
from core import Engine
from core.config import Config
from core.errors import LeadhandError, NothingWaits, UnknownSession, WhichSession
from core.model import ChatId, Place, Session, SessionId, UserId
from core.states import Role

log = logging.getLogger(__name__)
REPLY_PAUSES_S = (0.05, 0.15, 0.4)
COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@(\w{1,64}))?(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message of a paired person, reduced to what commands need."""

    update: int
    chat: ChatId
    thread: int | None
    user: UserId
    role: Role
    text: str
    private: bool
    forum: bool
    reply_to: int | None = None
    sent_at: float = 0.0  # seconds, as Telegram says
    user_name: str = ""
    language: str | None = None

    @property
    def command(self) -> str:
        """Return the command's name in lower case, without the slash and whom it is addressed to."""
        found = COMMAND.match(self.text)
        return found[1].lower() if found else ""

    @property
    def addressed(self) -> str:
        """Return which bot the command names, as in `/command@bot`."""
        found = COMMAND.match(self.text)
        return found[2] or "" if found else ""

    @property
    def rest(self) -> str:
        """Return what stands behind the command."""
        return self.text[len(self.text.split(maxsplit=1)[0]) :].strip() if self.command else self.text.strip()


def incoming(update: telegram.Update, role: Role) -> Incoming | None:
    """Reduce an update; None when it carries no text of a person."""
    message, user = update.effective_message, update.effective_user
    if message is None or user is None:
        return None
    reply = message.reply_to_message
    service = reply is not None and reply.forum_topic_created is not None
    return Incoming(
        update=update.update_id,
        chat=ChatId(message.chat.id),
        thread=message.message_thread_id if message.is_topic_message else None,
        user=UserId(user.id),
        role=role,
        text=(message.text or message.caption or "").encode("utf-8", "replace").decode(),
        private=message.chat.type == telegram.constants.ChatType.PRIVATE,
        forum=bool(message.chat.is_forum),
        reply_to=None if reply is None or service else reply.message_id,
        sent_at=message.date.timestamp(),
        user_name=user.full_name,
        language=user.language_code,
    )


class Desk:
    """The engine and the texts, with the answers every command gives in the same way."""

    def __init__(self, engine: Engine, texts: Texts, *, name: str = "", private_topics: bool = False) -> None:
        self.engine = engine
        self.texts = texts
        self.name = name  # the bot's own, as in /command@name
        self.pieces = Pieces()
        self.private_topics = private_topics  # the bot may make topics in private chats

    @property
    def config(self) -> Config:
        """Return the configuration."""
        return self.engine.config

    async def answer(
        self, to: Incoming, *lines: tuple[str, dict[str, str | int]], title: bool = False
    ) -> None:
        """Answer with texts by their keys, once per update."""
        data = {"lines": [{"key": key, "values": values} for key, values in lines], "title": title}
        await self.engine.people.reply(f"reply:{to.update}", to.chat, to.thread, data)

    async def say(self, to: Incoming, key: str, **values: str | int) -> None:
        """Answer with one text."""
        await self.answer(to, (key, values))

    async def refuse(self, to: Incoming, error: LeadhandError) -> None:
        """Tell an error in the person's words."""
        await self.answer(to, (error.key, dict(error.fields)))

    async def place(self, message: Incoming) -> Place:
        """Find what a message belongs to. A reply can be here before its message's number is stored."""
        for pause in (*REPLY_PAUSES_S, None):
            there = await self.engine.place(message.chat, message.thread, message.reply_to, message.user)
            known = there.session is not None or there.expectation is not None
            if known or message.reply_to is None or pause is None:
                return there
            await asyncio.sleep(pause)
        raise AssertionError("the last look has no pause")

    async def target(
        self, message: Incoming, waits: Callable[[Session], bool], *, text: bool = False
    ) -> tuple[SessionId, str]:
        """Find the session a command is about, and what else was said: the session that is named, else that
        of the reply or the topic, else the only one that waits. `text`: the command takes other words too.
        """
        first, more = [*message.rest.split(maxsplit=1), "", ""][:2]
        if first:
            with suppress(UnknownSession):
                return (await self.engine.session_named(first.strip("[]"))).id, more.strip()
        place = await self.place(message)
        if place.session is not None and (text or not first):
            return place.session, message.rest
        if first and not text:
            raise UnknownSession(name=first)
        waiting = await self.waiting(waits)
        if len(waiting) == 1:
            return waiting[0].id, message.rest
        command = f"/{message.command}"
        if not waiting:
            raise NothingWaits(command=command)
        raise WhichSession(command=command, names=", ".join(session.name for session in waiting))

    async def waiting(self, wanted: Callable[[Session], bool]) -> list[Session]:
        """Return recent sessions that wait for something."""
        return [s for s in await self.engine.recent_sessions(100) if wanted(s)]


Handler = Callable[[Desk, Incoming], Awaitable[None]]
