"""Updates by webhook instead of polling: answered with 200 only once they are stored. Optional.

It listens on the loopback address behind whatever ends TLS; who does not know the secret is refused.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from telegram import Update
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.inbox import LARGEST_BODY, JournalQueue, readable
from core.errors import BadSetting
from core.states import Priority

log = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # the header's name
STORE_S = 20.0
CONNECTIONS = 40


class Webhook:
    """A small server for one address; `Transport.receive` starts it in the place of polling."""

    def __init__(
        self,
        bot: ExtBot[Priority],
        queue: JournalQueue,
        url: str,
        *,
        port: int,
        host: str = "127.0.0.1",
        allowed_updates: tuple[str, ...],
        secret: str | None = None,
    ) -> None:
        self._bot = bot
        self._queue = queue
        self._url = url
        self._at = (host, port)
        self._allowed = allowed_updates
        self._secret = secret or secrets.token_urlsafe(32)
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        if self._runner is None or not self._runner.addresses:
            return self._at[1]
        return int(self._runner.addresses[0][1])

    async def start(self) -> None:
        """Listen, then tell Telegram where. Nothing that waits there is dropped."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_post(urlsplit(self._url).path or "/", self._receive)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, *self._at).start()
        try:
            await self._bot.set_webhook(
                self._url,
                secret_token=self._secret,
                allowed_updates=self._allowed,
                max_connections=CONNECTIONS,
            )
        except TelegramError as error:
            await self.stop()
            raise BadSetting(file="leadhand.toml", setting="[telegram] webhook", reason=error) from None

    async def stop(self) -> None:
        """Take no more. The webhook stays set: Telegram keeps what comes meanwhile."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _receive(self, request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            return web.Response(status=403)
        if request.content_type != "application/json":
            return web.Response(status=415)
        try:
            raw: Any = json.loads(await request.read())
        except ValueError:
            return web.Response(status=400)
        return await self._take(raw)

    async def _take(self, raw: Any) -> web.Response:
        if not readable(raw):
            # Telegram would offer it again and again; nobody can ever read it.
            log.error("an update cannot be read and is skipped: %.200s", raw)
            return web.Response()
        update = Update.de_json(raw, self._bot)
        try:
            async with asyncio.timeout(STORE_S):
                await self._queue.put(update)
        except TimeoutError:
            return web.Response(status=503)
        return web.Response()
