"""Clear errors at the start, polling that outlives trouble, and an end within five seconds."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import telegram
from telegram.ext import ContextTypes, TypeHandler

from bot.inbox import JournalQueue
from bot.lanes import LaneLimiter
from bot.ordering import PerChat
from bot.transport import ALLOWED_UPDATES, Transport, build
from bot.watch import Watch
from core.errors import AlreadyRunning, TelegramUnreachable, TokenRefused
from tests.fakes.bot_api import TOKEN, BotApi, DirectRequest, served
from tests.fakes.inbox import FakeInbox
from tests.fakes.updates import message
from tests.fakes.virtual_time import virtual


def over_http(base: str, token: str = TOKEN, inbox: FakeInbox | None = None) -> Transport:
    inbox = inbox or FakeInbox()
    return build(
        token, base, limiter=LaneLimiter(), queue=JournalQueue(inbox), processor=PerChat(inbox.handled)
    )


def direct(api: BotApi, **more: Any) -> Transport:
    inbox = FakeInbox()
    return build(
        TOKEN,
        "http://x",
        limiter=LaneLimiter(),
        queue=JournalQueue(inbox),
        processor=PerChat(inbox.handled),
        request=DirectRequest(api),
        poll_request=DirectRequest(api),
        **more,
    )


@asynccontextmanager
async def running(transport: Transport) -> AsyncIterator[Transport]:
    await transport.connect()
    await transport.receive()
    try:
        yield transport
    finally:
        await transport.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("slash", ["", "/"])
async def test_the_library_works_unchanged_over_http(slash: str) -> None:
    api, seen = BotApi(), list[str]()
    async with served(api) as base:
        transport = over_http(base + slash)

        async def handle(update: telegram.Update, context: ContextTypes.DEFAULT_TYPE) -> None:
            seen.append(update.message.text or "" if update.message else "")

        transport.app.add_handler(TypeHandler(telegram.Update, handle))
        me = await transport.connect()
        assert me.username == "lead_bot"
        await transport.receive()
        api.push(message(1, text="hi"))
        async with asyncio.timeout(5):
            while not seen:
                await asyncio.sleep(0.01)
        await transport.app.bot.send_message(1, "https://example.org")
        await transport.stop()
    assert api.made("sendMessage")[0].params["link_preview_options"] == {"is_disabled": True}
    assert api.made("getUpdates")[0].params["allowed_updates"] == list(ALLOWED_UPDATES)
    assert 25 <= api.made("getUpdates")[0].params["timeout"] <= 50
    assert transport.app.bot.base_file_url == f"{base}/file/bot{TOKEN}"


async def test_a_refused_token_is_told_as_such() -> None:
    async with served(BotApi()) as base:
        transport = over_http(base, "123456:" + "B" * 35)
        with pytest.raises(TokenRefused):
            await transport.connect()
        await transport.stop()


async def test_something_else_at_the_address_is_not_a_refused_token() -> None:
    api = BotApi()
    api.fault("getMe", 404, raw=b"<html>404 Not Found</html>", times=9)
    async with served(api) as base:
        transport = over_http(base)
        with pytest.raises(TelegramUnreachable, match="not a Bot API server"):
            await transport.connect()
        await transport.stop()


@pytest.mark.slow
async def test_an_address_where_nobody_listens_is_given_up_after_ten_seconds() -> None:
    transport = over_http(f"http://127.0.0.1:{free_port()}")
    start = time.monotonic()
    with pytest.raises(TelegramUnreachable) as caught:
        await transport.connect()
    assert 5 <= time.monotonic() - start <= 11
    assert TOKEN not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
    await transport.stop()


@virtual
async def test_a_server_that_never_answers_is_given_up_after_ten_seconds() -> None:
    api = BotApi()
    api.fault("getMe", hang=True, times=99)
    transport = direct(api)
    start = asyncio.get_running_loop().time()
    with pytest.raises(TelegramUnreachable):
        await transport.connect()
    assert 5 <= asyncio.get_running_loop().time() - start <= 11
    await transport.stop()


@virtual
async def test_a_server_in_trouble_is_tried_again() -> None:
    api = BotApi()
    api.fault("getMe", 502, "Bad Gateway", times=2)
    transport = direct(api)
    assert (await transport.connect()).id == 123456
    await transport.stop()


@virtual
async def test_an_answer_that_is_not_understood_is_told() -> None:
    api = BotApi()
    api.fault("getMe", 200, raw=b'{"ok": true, "result": {"id": 1}}')
    transport = direct(api)
    with pytest.raises(TelegramUnreachable):
        await transport.connect()
    await transport.stop()


@virtual
async def test_a_webhook_is_removed_first_and_nothing_that_waits_is_dropped() -> None:
    api = BotApi()
    api.webhook = {"url": "https://example.org"}
    async with running(direct(api)):
        await asyncio.sleep(1)
    (call,) = api.made("deleteWebhook")
    assert not call.params.get("drop_pending_updates")
    assert api.webhook == {}


@virtual
async def test_another_copy_that_goes_on_ends_this_one() -> None:
    api = BotApi()
    api.fault("getUpdates", 409, "Conflict: terminated by other getUpdates request", times=10**6)
    start = asyncio.get_running_loop().time()
    async with running(direct(api)) as transport:
        error = await transport.broken()
    assert isinstance(error, AlreadyRunning)
    assert "token" in str(error)
    assert 30 <= asyncio.get_running_loop().time() - start <= 60


@virtual
async def test_two_copies_that_take_turns_are_not_taken_for_peace() -> None:
    api = BotApi()
    turn = 0

    def every_second(params: dict[str, Any]) -> bool:
        nonlocal turn
        turn += 1
        return turn % 2 == 0

    api.fault("getUpdates", 409, "Conflict: x", times=10**6, when=every_second)
    async with running(direct(api)) as transport:
        async with asyncio.timeout(300):
            assert isinstance(await transport.broken(), AlreadyRunning)


@virtual
async def test_another_copy_that_is_just_ending_is_tolerated() -> None:
    api = BotApi()
    api.fault("getUpdates", 409, "Conflict: x", times=5)
    async with running(direct(api)) as transport:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(transport.broken(), 3600)
        api.fault("getUpdates", 409, "Conflict: x", times=5)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(transport.broken(), 3600)


@virtual
async def test_a_token_that_is_taken_back_ends_the_process_and_one_odd_answer_does_not() -> None:
    api = BotApi()
    api.fault("getUpdates", 404, "Not Found")
    async with running(direct(api)) as transport:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(transport.broken(), 300)
        api.fault("getUpdates", 401, "Unauthorized", times=99)
        async with asyncio.timeout(300):
            assert isinstance(await transport.broken(), TokenRefused)


@virtual
async def test_polling_outlives_every_trouble_of_the_network() -> None:
    api, inbox = BotApi(), FakeInbox()
    for status in (500, 502, 503, 429, 400):
        more = {"parameters": {"retry_after": 3}} if status == 429 else {}
        api.fault("getUpdates", status, "trouble", times=3, **more)
    api.fault("getUpdates", 200, raw=b"not json", times=2)
    api.fault("getUpdates", raises=lambda: OSError("network is unreachable"), times=2)
    transport = direct(api)
    async with running(transport):
        api.push(message(1))
        await asyncio.sleep(600)
        assert api.confirmed == 2
    del inbox


async def test_stopping_takes_less_than_five_seconds_while_everything_hangs() -> None:
    api = BotApi()
    entered = asyncio.Event()
    async with served(api) as base:
        transport = over_http(base)

        async def hang(update: telegram.Update, context: ContextTypes.DEFAULT_TYPE) -> None:
            entered.set()
            await context.bot.send_message(1, "stuck")

        transport.app.add_handler(TypeHandler(telegram.Update, hang))
        api.fault("sendMessage", hang=True, times=9)
        await transport.connect()
        await transport.receive()
        api.push(message(1))
        await asyncio.wait_for(entered.wait(), 5)
        await asyncio.sleep(0.2)
        api.fault("getUpdates", hang=True, times=9)
        start = time.monotonic()
        await transport.stop()
        assert time.monotonic() - start < 5


async def test_the_token_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        async with served(BotApi()) as base, running(over_http(base)) as transport:
            await transport.app.bot.send_message(1, "x")
    assert TOKEN not in caplog.text


@virtual
async def test_a_conflict_after_a_long_silence_is_a_new_one() -> None:
    watch = Watch(conflict_s=30)
    for _ in range(10):
        watch.answered(409)
        await asyncio.sleep(61)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watch.broken(), 1)
