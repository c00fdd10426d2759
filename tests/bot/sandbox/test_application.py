"""python-telegram-bot's own Application runs unchanged: polling in process and over HTTP, and by webhook."""

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import pytest
from aiohttp import ClientSession, web
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import Conflict
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ExtBot,
)

from bot.sandbox import Sandbox

App = Application[Any, Any, Any, Any, Any, Any]
Context = ContextTypes.DEFAULT_TYPE
SECRET = "a-secret_1"


async def on_start(update: Update, _: Context) -> None:
    assert update.message is not None
    keys = [[InlineKeyboardButton("Approve", callback_data="a", style="success")]]
    await update.message.reply_text("Plan", reply_markup=InlineKeyboardMarkup(keys))


async def on_press(update: Update, _: Context) -> None:
    assert update.callback_query is not None
    await update.callback_query.answer("Approved")
    await update.callback_query.edit_message_text("👍 approved")


def with_handlers(app: App) -> App:
    app.add_handler(CommandHandler("start", on_start))
    app.add_handler(CallbackQueryHandler(on_press))
    return app


async def journey(sandbox: Sandbox) -> None:
    chat = sandbox.user("Ann").private()
    said = await chat.say("/start")
    plan = await chat.wait("Plan", after=said)
    assert await plan.press("Approve") == "Approved"
    assert (await plan.changed("approved")).buttons == []


@asynccontextmanager
async def polling(app: App) -> AsyncIterator[None]:
    assert app.updater is not None
    async with app:
        await app.start()
        await app.updater.start_polling()
        yield
        await app.updater.stop()
        await app.stop()


async def test_polling_in_process(sandbox: Sandbox) -> None:
    builder = ApplicationBuilder().token(sandbox.token)
    app = builder.request(sandbox.request()).get_updates_request(sandbox.request()).build()
    async with polling(with_handlers(app)):
        await journey(sandbox)


async def test_polling_over_http(sandbox: Sandbox) -> None:
    await sandbox.serve()
    app = ApplicationBuilder().token(sandbox.token).base_url(f"{sandbox.url}/bot").build()
    async with polling(with_handlers(app)):
        await journey(sandbox)


async def test_webhook_with_secret_retries_and_keeps_order(sandbox: Sandbox) -> None:
    await sandbox.serve()
    app = with_handlers(
        ApplicationBuilder().token(sandbox.token).base_url(f"{sandbox.url}/bot").updater(None).build()
    )
    refusals = 2
    seen: list[int] = []

    async def receive(request: web.Request) -> web.Response:
        nonlocal refusals
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        assert hmac.compare_digest(given, SECRET)
        if refusals:
            refusals -= 1
            return web.Response(status=500)
        data = await request.json()
        seen.append(data["update_id"])
        await app.update_queue.put(Update.de_json(data, app.bot))
        return web.Response()

    server = web.Application()
    server.router.add_post("/hook", receive)
    runner = web.AppRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with app:
        await app.start()
        await app.bot.set_webhook(f"http://127.0.0.1:{runner.addresses[0][1]}/hook", secret_token=SECRET)
        with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
            await app.bot.get_updates()
        await journey(sandbox)
        info = await app.bot.get_webhook_info()
        assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"
        assert seen == sorted(seen)
        await app.bot.delete_webhook()
        assert (await app.bot.get_webhook_info()).url == ""
        await app.stop()
    await runner.cleanup()


async def test_set_webhook_ends_a_poll(client: ExtBot[None]) -> None:
    poll = asyncio.create_task(client.get_updates(timeout=5))
    await asyncio.sleep(0.01)
    await client.set_webhook("http://127.0.0.1:9/hook")
    with pytest.raises(Conflict, match="terminated by setWebhook request"):
        await poll
    with pytest.raises(Exception, match=r"(?i)only to this machine"):
        await client.set_webhook("https://example.com/hook")


async def test_parameters_come_by_query_form_and_json(sandbox: Sandbox) -> None:
    await sandbox.serve()
    chat = sandbox.user("Ann").private()
    base = f"{sandbox.url}/bot{sandbox.token}"
    given = {"chat_id": str(chat.id), "text": "x"}
    async with ClientSession() as http:
        for extra in ({"params": given}, {"data": given}, {"json": {"chat_id": chat.id, "text": "x"}}):
            async with http.post(f"{base}/SENDmessage", **extra) as answer:
                assert (await answer.json())["result"]["text"] == "x"
        async with http.get(f"{base}/getMe") as answer:
            assert (await answer.json())["result"]["username"] == "leadhand_bot"
        async with http.get(f"{base}/nothing") as answer:
            body = {"ok": False, "error_code": 404, "description": "Not Found"}
            assert (answer.status, await answer.json()) == (404, body)
        async with http.get(f"{sandbox.url}/bot1:{'x' * 35}/getMe") as answer:
            assert (answer.status, (await answer.json())["description"]) == (401, "Unauthorized")
        async with http.get(f"{sandbox.url}/botnonsense/getMe") as answer:
            assert answer.status == 404
        async with http.post(f"{base}/sendMessage", data=BytesIO(b"text=" + b"x" * 1_100_000)) as answer:
            assert answer.status == 413
    assert len(chat.messages) == 3


async def test_dropped_connections_look_the_same_over_http(sandbox: Sandbox) -> None:
    await sandbox.serve()
    chat = sandbox.user("Ann").private()
    async with ExtBot[None](sandbox.token, base_url=f"{sandbox.url}/bot") as bot:
        for drop, messages in (("before", 0), ("after", 1)):
            sandbox.fault("sendMessage", drop=drop)  # type: ignore[arg-type]
            with pytest.raises(Exception, match=r"(?i)httpx|disconnected"):
                await bot.send_message(chat.id, "x")
            assert len(chat.messages) == messages
        sandbox.fault("sendMessage", code=502, body="<html>Bad Gateway</html>")
        with pytest.raises(Exception, match=r"(?i)bad gateway"):
            await bot.send_message(chat.id, "x")
