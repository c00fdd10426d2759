"""Builds the Telegram application around an engine, and runs both until told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Self

from telegram import BotCommand
from telegram.error import TelegramError
from telegram.request import BaseRequest

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
from bot.secrecy import redact_message, redact_notice, redactor_of
from bot.text.catalog import Texts
from bot.transport import ALLOWED_UPDATES, Transport, build
from bot.voice import Voice
from core import Engine
from core.config import Config
from core.model import Notice

if TYPE_CHECKING:
    from bot.webhook import Webhook

log = logging.getLogger(__name__)
NOT_LISTED = frozenset({"yes", "no"})


class Intake:
    """The inbox of an engine that is opened later: the token is checked before anything is touched."""

    def __init__(self) -> None:
        self.engine: Engine | None = None

    def _opened(self) -> Engine:
        if self.engine is None:
            raise RuntimeError("an update came before the engine was open")
        return self.engine

    async def journal(self, update: int, body: str) -> bool:
        """Store an update."""
        return await self._opened().delivery.journal(update, body)

    async def handled(self, update: int) -> None:
        """Mark an update as handled."""
        await self._opened().delivery.handled(update)

    async def waiting(self) -> Sequence[tuple[int, str]]:
        """Return updates that were not handled."""
        return await self._opened().delivery.waiting()


class App:
    """One bot on one engine."""

    def __init__(self, engine: Engine, transport: Transport, outbox: Outbox, texts: Texts) -> None:
        self.engine = engine
        self.name = str(transport.app.bot.username)
        self.pairing_code: str | None = None
        self._transport = transport
        self._outbox = outbox
        self._texts = texts

    @classmethod
    @asynccontextmanager
    async def open(
        cls, config: Config, *, request: BaseRequest | None = None, poll_request: BaseRequest | None = None
    ) -> AsyncIterator[Self]:
        """Connect to Telegram, open the engine, and handle updates until the block ends."""
        intake, limiter = Intake(), LaneLimiter()
        transport = build(
            config.telegram.token or "",
            config.telegram.api,
            limiter=limiter,
            queue=JournalQueue(intake),
            processor=PerChat(intake.handled),
            request=request,
            poll_request=poll_request,
        )
        try:
            await transport.connect()
            engine = await Engine.open(config)
            try:
                intake.engine = engine
                app = cls._assemble(engine, transport, limiter)
                async with app._running():  # noqa: SLF001 - its own
                    yield app
            finally:
                await engine.close()
        finally:
            await transport.stop()

    @classmethod
    def _assemble(cls, engine: Engine, transport: Transport, limiter: LaneLimiter) -> Self:
        texts = Texts()
        voice = Voice(engine, texts)
        desk = Desk(
            engine,
            texts,
            name=transport.app.bot.username,
            private_topics=bool(transport.app.bot.bot.has_topics_enabled),
        )

        redactor = redactor_of(engine.config, os.environ)

        async def show(notice: Notice) -> Message | None:
            message = render(redact_notice(notice, redactor), await voice.words(notice.chat))
            return redact_message(message, redactor) if message else None

        outbox = Outbox(
            transport.app.bot,
            engine.delivery,
            show,
            limiter,
            now=engine.delivery.now,
            on_migrated=engine.delivery.migrate,
        )
        gate = Gate(
            engine.people,
            voice,
            engine.config.home,
            owner=engine.config.telegram.owner,
            on_migrated=engine.delivery.migrate,
        )
        gate.install(transport.app)
        Dispatch(desk, voice, heard=outbox.reachable).install(transport.app)
        return cls(engine, transport, outbox, texts)

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        """Send and receive; leave in the opposite order."""
        config = self.engine.config
        if config.telegram.owner is None and not await self.engine.people.everybody():
            self.pairing_code = new_code(config.home)
        receiver = self._webhook(config) if config.telegram.webhook else None
        sending = asyncio.create_task(self._outbox.run(), name="outbox")
        try:
            await self._transport.receive(receiver)
            listing = asyncio.create_task(self._list_commands(), name="list-commands")
            yield
            listing.cancel()
        finally:
            await self._outbox.stop()  # while the client is open, so that nothing under way ends in doubt
            sending.cancel()
            await self._transport.stop(receiver)
            await asyncio.gather(sending, return_exceptions=True)

    def _webhook(self, config: Config) -> Webhook:
        from bot.webhook import Webhook  # brings a web server, 8 MB that polling does not need

        return Webhook(
            self._transport.app.bot,
            self._transport.queue,
            config.telegram.webhook or "",
            port=config.telegram.webhook_port,
            allowed_updates=ALLOWED_UPDATES,
        )

    async def run_until(self, stop: asyncio.Event) -> None:
        """Run until told to stop. Raises what makes going on impossible, such as another copy."""
        stopping = asyncio.create_task(stop.wait())
        breaking = asyncio.create_task(self._transport.broken())
        try:
            await asyncio.wait({stopping, breaking}, return_when=asyncio.FIRST_COMPLETED)
            if breaking.done() and not stop.is_set():
                raise breaking.result()
        finally:
            stopping.cancel()
            breaking.cancel()
            await asyncio.gather(stopping, breaking, return_exceptions=True)

    async def _list_commands(self) -> None:
        """Tell Telegram the commands, in every language there is; never in anybody's way."""
        bot = self._transport.app.bot
        try:
            for locale in self._texts.locales:
                commands = [
                    BotCommand(name, self._texts.get(locale, command.text))
                    for name, command in COMMANDS.items()
                    if name not in NOT_LISTED
                ]
                code = None if locale == "en" else locale.partition("-")[0]
                await bot.set_my_commands(commands, language_code=code)
        except TelegramError as error:
            log.warning("the list of commands was not taken: %s", error)
