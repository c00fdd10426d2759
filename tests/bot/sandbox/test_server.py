"""The persons' HTTP interface and its guard."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, FormData
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.ext import ExtBot

from bot.sandbox import Person, Room, Sandbox

Client = ExtBot[None]


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[ClientSession]:
    await sandbox.serve()
    key = {"X-Key": sandbox.server.guard.key}
    async with ClientSession(sandbox.url, headers=key) as session:
        yield session


async def post(http: ClientSession, action: str, /, **given: object) -> tuple[int, dict[str, object]]:
    async with http.post(f"/_/{action}", json=given) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Key": "wrong"},
        {"X-Key": "KEY", "Origin": "http://evil.example"},
        {"X-Key": "KEY", "Host": "evil.example"},
        {"X-Key": "KEY", "Host": "127.0.0.1:1"},
        {"Cookie": "leadhand_sandbox_PORT=KEY"},
        {"Cookie": "leadhand_sandbox_PORT=KEY", "Origin": "http://127.0.0.1:1"},
    ],
)
async def test_strangers_are_refused(sandbox: Sandbox, headers: dict[str, str]) -> None:
    server = await sandbox.serve()
    filled = {
        name: value.replace("KEY", server.guard.key).replace("PORT", str(server.port))
        for name, value in headers.items()
    }
    async with (
        ClientSession() as http,
        http.post(f"{sandbox.url}/_/reset", json={}, headers=filled) as answer,
    ):
        assert answer.status == 403
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_key_becomes_a_cookie(sandbox: Sandbox) -> None:
    await sandbox.serve()
    from aiohttp import CookieJar

    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        async with http.get(f"{sandbox.url}/") as answer:
            assert answer.status == 403
        async with http.get(f"{sandbox.url}/?key=wrong") as answer:
            assert answer.status == 403
        async with http.get(sandbox.page_url) as answer:
            assert answer.status == 200
            assert "SameSite=Strict" in answer.headers["Set-Cookie"]
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            assert "Leadhand sandbox" in await answer.text()
        async with http.get(f"{sandbox.url}/") as answer:
            assert answer.status == 200
        own = {"Origin": sandbox.url}
        async with http.post(f"{sandbox.url}/_/reset", json={}, headers=own) as answer:
            assert answer.status == 200


async def test_only_the_pages_own_files_are_served(http: ClientSession) -> None:
    for name in ("app.js", "base.css", "mark.svg"):
        async with http.get(f"/page/{name}") as answer:
            assert answer.status == 200
    for name in ("nothing.js", "..%2fserver.py", "%2e%2e/server.py"):
        async with http.get(f"/page/{name}") as answer:
            assert answer.status == 404


async def test_a_person_writes_presses_edits_and_is_refused(
    http: ClientSession, client: Client, sandbox: Sandbox, ann: Person, chat: Room
) -> None:
    key = chat.chat.key
    status, sent = await post(http, "send", user=ann.id, chat=key, text="/start")
    assert (status, sent["text"]) == (200, "/start")
    status, edited = await post(http, "edit", user=ann.id, chat=key, message=sent["message_id"], text="/stop")
    assert edited["text"] == "/stop"
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="y")]])
    card = await client.send_message(chat.id, "ok?", reply_markup=keys)
    press = asyncio.create_task(
        post(http, "press", user=ann.id, chat=key, message=card.message_id, button="Yes", wait=5)
    )
    await sandbox.until(lambda: sandbox.bot.queue.pending[-1].get("callback_query"))
    query = (await client.get_updates())[-1].callback_query
    assert query is not None
    await client.answer_callback_query(query.id, "Done")
    assert (await press)[1]["text"] == "Done"
    _, spinning = await post(
        http, "press", user=ann.id, chat=key, message=card.message_id, button="Yes", wait=0.05
    )
    assert spinning["error"] == "still spinning"
    assert (await post(http, "send", user=ann.id, chat=key, text=" "))[0] == 422
    assert (await post(http, "send", user=ann.id, chat="nowhere", text="x"))[0] == 422
    assert (await post(http, "send"))[0] == 400


async def test_people_groups_faults_limits_and_calls(
    http: ClientSession, client: Client, sandbox: Sandbox
) -> None:
    _, cid = await post(http, "user", name="Cid", language="de")
    _, group = await post(http, "group", title="Crew", users=[cid["id"]], forum=True, bot_admin=True)
    _, topic = await post(http, "topic", user=cid["id"], chat=group["chat"], name="one")
    await client.send_message(
        int(str(group["id"])), "hi", message_thread_id=int(str(topic["message_thread_id"]))
    )
    await post(http, "fault", method="sendMessage", code=500, times=1)
    with pytest.raises(Exception, match=r"(?i)internal server error"):
        await client.send_message(int(str(group["id"])), "x")
    await post(http, "limits", on=True)
    assert sandbox.limits.on
    async with http.get("/_/calls?method=sendMessage") as answer:
        assert [call["code"] for call in await answer.json()] == [200, 500]
    await post(http, "member", chat=group["chat"], bot=sandbox.bot.id, op="kick")
    async with http.get("/_/state") as answer:
        state = await answer.json()
    assert state["chats"][0]["members"][1]["status"] == "kicked"
    await post(http, "reset")
    assert len(sandbox.calls) == 0


async def test_uploads_are_served_as_attachments(http: ClientSession, ann: Person, chat: Room) -> None:
    form = FormData()
    for name, value in {"user": str(ann.id), "chat": chat.chat.key, "caption": "look"}.items():
        form.add_field(name, value)
    form.add_field("file", b"<script>alert(1)</script>", filename='a".html', content_type="text/html")
    async with http.post("/_/upload", data=form) as answer:
        sent = await answer.json()
    assert sent["caption"] == "look"
    async with http.get(f"/_/file/{sent['document']['file_id']}") as answer:
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_event_stream_resumes_where_it_was(
    http: ClientSession, client: Client, sandbox: Sandbox, chat: Room
) -> None:
    last = sandbox.world.feed.last
    await client.send_message(chat.id, "missed")
    async with http.get("/_/events", headers={"Last-Event-ID": str(last)}) as answer:
        await client.send_message(chat.id, "live")
        texts: list[str] = []
        while len(texts) < 2:
            line = (await answer.content.readline()).decode()
            if line.startswith("data: ") and "message" in (event := json.loads(line[6:])):
                texts.append(event["message"]["text"])
    assert texts == ["missed", "live"]
    async with http.get("/_/events", headers={"Last-Event-ID": "999999"}) as answer:
        assert b"event: reload" in await answer.content.read(40)


async def test_it_runs_alone_and_prints_how_to_reach_it(tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.sandbox", stdout=asyncio.subprocess.PIPE, env=env, cwd=tmp_path
    )
    assert process.stdout is not None
    lines = dict([(await process.stdout.readline()).decode().strip().rsplit(maxsplit=1) for _ in range(3)])
    async with ClientSession() as http:
        async with http.get(f"{lines['Bot API']}/bot{lines['Token']}/getMe") as answer:
            assert (await answer.json())["ok"]
        async with http.get(lines["Page"]) as answer:
            assert answer.status in {200, 403}
    process.terminate()
    await process.wait()
