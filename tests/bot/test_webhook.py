"""Updates by webhook: refused without the secret, answered once they are stored."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import telegram
from telegram.ext import ContextTypes, TypeHandler

from bot.inbox import LARGEST_BODY, JournalQueue
from bot.lanes import LaneLimiter
from bot.ordering import PerChat
from bot.transport import ALLOWED_UPDATES, Transport, build
from bot.webhook import SECRET_HEADER, Webhook
from core.errors import BadSetting
from tests.fakes.bot_api import TOKEN, BotApi, DirectRequest
from tests.fakes.inbox import FakeInbox
from tests.fakes.updates import message

SECRET = "s" * 32
URL = "https://bot.example.org/hook/7"


class Hooked:
    def __init__(self) -> None:
        self.api = BotApi()
        self.inbox = FakeInbox()
        self.seen: list[int] = []
        queue = JournalQueue(self.inbox)
        self.transport: Transport = build(
            TOKEN,
            "http://x",
            limiter=LaneLimiter(),
            queue=queue,
            processor=PerChat(self.inbox.handled),
            request=DirectRequest(self.api),
            poll_request=DirectRequest(self.api),
        )
        self.hook = Webhook(
            self.transport.app.bot, queue, URL, port=0, allowed_updates=ALLOWED_UPDATES, secret=SECRET
        )

        async def handle(update: telegram.Update, context: ContextTypes.DEFAULT_TYPE) -> None:
            self.seen.append(update.update_id)

        self.transport.app.add_handler(TypeHandler(telegram.Update, handle))

    async def post(
        self, data: Any = None, *, secret: str | None = SECRET, path: str = "/hook/7", **more: Any
    ) -> int:
        headers = {SECRET_HEADER: secret} if secret is not None else {}
        kwargs = {"data": data, **more} if isinstance(data, bytes) else {"json": data, **more}
        headers.update(kwargs.pop("headers", {}))
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{self.hook.port}{path}"
            if isinstance(data, bytes):
                kwargs["data"] = io.BytesIO(data)
            async with session.post(url, headers=headers, **kwargs) as answer:
                return answer.status


@pytest.fixture
async def hooked() -> AsyncIterator[Hooked]:
    hooked = Hooked()
    await hooked.transport.connect()
    await hooked.transport.receive(hooked.hook)
    yield hooked
    await hooked.transport.stop(hooked.hook)


async def test_telegram_is_told_the_address_and_the_secret(hooked: Hooked) -> None:
    (call,) = hooked.api.made("setWebhook")
    assert call.params["url"] == URL
    assert call.params["secret_token"] == SECRET
    assert call.params["allowed_updates"] == list(ALLOWED_UPDATES)
    assert not call.params.get("drop_pending_updates")
    assert not hooked.api.made("getUpdates")


async def test_an_update_is_answered_once_it_is_stored(hooked: Hooked) -> None:
    assert await hooked.post(message(1)) == 200
    assert 1 in hooked.inbox.bodies
    assert await hooked.post(message(1)) == 200  # Telegram did not hear the first answer
    assert await hooked.post(message(2)) == 200
    await asyncio.sleep(0.05)
    assert hooked.seen == [1, 2]


async def test_who_does_not_know_the_secret_is_refused(hooked: Hooked) -> None:
    assert await hooked.post(message(1), secret=None) == 403
    assert await hooked.post(message(1), secret="x") == 403
    assert await hooked.post(message(1), secret=SECRET + "é") == 403
    assert hooked.inbox.bodies == {}


async def test_only_json_of_a_sensible_size_is_taken(hooked: Hooked) -> None:
    kind = {"Content-Type": "application/json"}
    assert await hooked.post(b"a=1", headers={"Content-Type": "text/plain"}) == 415
    assert await hooked.post(b"{", headers=kind) == 400
    assert await hooked.post(b"\xff", headers=kind) == 400
    assert await hooked.post(b" " * (LARGEST_BODY + 1), headers=kind) == 413
    assert await hooked.post(message(1), path="/other") == 404
    assert hooked.inbox.bodies == {}


async def test_what_nobody_can_read_is_not_offered_again(hooked: Hooked) -> None:
    assert await hooked.post({"update_id": "x"}) == 200
    assert await hooked.post([]) == 200
    assert await hooked.post({"update_id": 3, "message": {}}) == 200
    assert hooked.inbox.bodies == {}


async def test_while_the_store_fails_telegram_has_to_come_again(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.webhook.STORE_S", 0.1)
    hooked.inbox.broken = 1
    assert await hooked.post(message(1)) == 503
    await asyncio.sleep(0.3)
    assert await hooked.post(message(1)) == 200
    await asyncio.sleep(0.05)
    assert hooked.seen == [1]


async def test_a_webhook_telegram_refuses_stops_the_start() -> None:
    hooked = Hooked()
    hooked.api.fault("setWebhook", 400, "Bad Request: bad webhook: HTTPS url must be provided for webhook")
    await hooked.transport.connect()
    with pytest.raises(BadSetting, match=r"webhook.*https url"):
        await hooked.transport.receive(hooked.hook)
    await hooked.transport.stop(hooked.hook)
