"""The chat page in a real browser: one journey, both themes, phone width, keyboard, reconnecting."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from telegram import BotCommand, ForceReply, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.ext import ExtBot

from bot.sandbox import Note, Person, Room, Sandbox
from tests.browser import ARGS, need_browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Client = ExtBot[None]
KEYS = InlineKeyboardMarkup(
    [
        [
            InlineKeyboardButton("Approve", callback_data="a", style="success"),
            InlineKeyboardButton("Reject", callback_data="r", style="danger"),
        ]
    ]
)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    path = need_browser()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGS))
        yield browser
        await browser.close()


@asynccontextmanager
async def opened(
    browser: Browser, sandbox: Sandbox, *, width: int = 1100, scheme: str = "light"
) -> AsyncIterator[Page]:
    """The page in a fresh profile; any error in it fails the test."""
    context = await browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = await context.new_page()
    page.set_default_timeout(5000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    await page.goto(sandbox.page_url)
    await page.wait_for_selector(".chat-row")
    yield page
    await context.close()
    assert [e for e in errors if "ERR_CONNECTION_REFUSED" not in e and "ERR_INCOMPLETE" not in e] == []


async def answer_presses(client: Client, text: str) -> None:
    """Answer the next press, as a bot would."""
    offset = None
    while True:
        for update in await client.get_updates(offset=offset, timeout=5):
            offset = update.update_id + 1
            if update.callback_query:
                await client.answer_callback_query(update.callback_query.id, text)
                await update.callback_query.edit_message_text("👍 Plan approved")
                return


async def test_a_person_writes_presses_and_replies(
    browser: Browser, sandbox: Sandbox, client: Client, chat: Room
) -> None:
    await client.set_my_commands([BotCommand("start", "Say hello"), BotCommand("stop", "Stop a session")])
    await sandbox.serve()
    async with opened(browser, sandbox) as page:
        await page.click(".chat-row")
        await page.click("text=Start")
        await chat.wait("/start", by=sandbox_person(sandbox, chat))
        sent = await client.send_message(
            chat.id, "<b>Plan</b>\n<pre><code class='language-py'>x = 1</code></pre>", parse_mode="HTML",
            reply_markup=KEYS,
        )  # fmt: skip
        await expect(page.locator(".pre code")).to_have_text("x = 1")
        await expect(page.locator(".content strong")).to_have_text("Plan")
        answering = asyncio.create_task(answer_presses(client, "Saved"))
        await page.get_by_role("button", name="Approve").click()
        await expect(page.locator(".toast")).to_have_text("Saved")
        await answering
        await expect(page.locator(f"[data-id='{sent.message_id}'] .meta")).to_contain_text("edited")
        await expect(page.locator(".keyboard")).to_have_count(0)
        prompt = ForceReply(input_field_placeholder="Your feedback")
        asked = await client.send_message(chat.id, "What should change?", reply_markup=prompt)
        await expect(page.locator("#text")).to_be_focused()
        await expect(page.locator("#text")).to_have_attribute("placeholder", "Your feedback")
        await page.keyboard.type("less code 中文 🚀")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("second line")
        await page.keyboard.press("Enter")
        said = await chat.wait("second line", by=sandbox_person(sandbox, chat))
        assert said.text == "less code 中文 🚀\nsecond line"
        assert said.message.reply_to is not None
        assert said.message.reply_to.id == asked.message_id
        await page.keyboard.type("/st")
        await expect(page.locator("#menu li")).to_have_count(2)
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Tab")
        await expect(page.locator("#text")).to_have_value("/stop ")


def sandbox_person(sandbox: Sandbox, chat: Room) -> Person:
    return Person(sandbox, chat.user(None))


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_phone_in_both_themes(
    browser: Browser, sandbox: Sandbox, client: Client, chat: Room, scheme: str
) -> None:
    await client.send_message(
        chat.id, "<pre>" + "wide " * 200 + "</pre>", parse_mode="HTML", reply_markup=KEYS
    )
    await sandbox.serve()
    async with opened(browser, sandbox, width=390, scheme=scheme) as page:
        await expect(page.locator(".room")).to_be_hidden()
        await page.click(".chat-row")
        await expect(page.locator(".side")).to_be_hidden()
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, "nothing but code blocks scrolls sideways"
        assert await page.evaluate("(p => p.scrollWidth > p.clientWidth)(document.querySelector('.pre pre'))")
        colour = await page.evaluate("getComputedStyle(document.querySelector('.head')).backgroundColor")
        light = sum(int(n) for n in re.findall(r"\d+", colour)[:3]) > 380
        assert light is (scheme == "light")
        await page.get_by_role("button", name="Back to the chats").click()
        await expect(page.locator(".chat-row")).to_be_visible()
        await page.get_by_role("button", name="Switch between light and dark").click()
        theme = await page.evaluate("document.documentElement.dataset.theme")
        assert theme == ("dark" if scheme == "light" else "light")


async def test_topics_people_files_and_the_keyboard_way(
    browser: Browser, sandbox: Sandbox, client: Client, ann: Person, bob: Person
) -> None:
    crew = sandbox.group("Crew", [ann, bob], forum=True, bot_admin=True)
    topic = await client.create_forum_topic(crew.id, "fix-login")
    thread = topic.message_thread_id
    await sandbox.serve()
    async with opened(browser, sandbox) as page:
        await page.get_by_role("button", name="Bob").click()
        await page.get_by_role("button", name="fix-login", exact=True).focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#title")).to_have_text("fix-login")
        sent = await client.send_message(crew.id, "Ready?", message_thread_id=thread, reply_markup=KEYS)
        await client.send_document(crew.id, b"# plan", filename="plan.md", message_thread_id=thread)
        await expect(page.locator(".file-name")).to_have_text("plan.md")
        async with page.expect_download() as download:
            await page.click(".file")
        assert (await download.value).suggested_filename == "plan.md"
        await page.get_by_role("button", name="Approve").focus()
        answering = asyncio.create_task(answer_presses(client, "Thanks, Bob"))
        await page.keyboard.press("Enter")
        await expect(page.locator(".toast")).to_have_text("Thanks, Bob")
        await answering
        await page.set_input_files("#file", {"name": "log.txt", "mimeType": "text/plain", "buffer": b"trace"})
        note = await crew.until(lambda: with_file(crew, b"trace"), what="upload")
        assert (note.topic, note.message.sender.id) == (thread, bob.id)
        await client.delete_message(crew.id, sent.message_id)
        await expect(page.locator(f"[data-id='{sent.message_id}']")).to_have_count(0)
        await client.edit_forum_topic(crew.id, thread, name="fixed-login")
        await expect(page.locator("#title")).to_have_text("fixed-login")


def with_file(room: Room, data: bytes) -> Note | None:
    return next((n for n in room.messages if "document" in n.message.body and n.file == data), None)


async def test_a_silent_bot_is_shown_and_the_stream_comes_back(
    browser: Browser, sandbox: Sandbox, client: Client, chat: Room
) -> None:
    server = await sandbox.serve()
    key, port = server.guard.key, server.port
    async with opened(browser, sandbox) as page:
        await page.click(".chat-row")
        await client.send_message_draft(chat.id, 1, "Reading files")
        await expect(page.locator(".draft .content")).to_have_text("Reading files")
        await client.send_chat_action(chat.id, "typing")
        await expect(page.locator("#subtitle")).to_contain_text("is typing")
        await server.close()
        await expect(page.locator("#link")).to_be_visible()
        await client.send_message(chat.id, "sent while away")
        await sandbox.serve(port, key=key)
        await expect(page.locator(".content", has_text="sent while away")).to_be_visible(timeout=8000)
        await expect(page.locator("#link")).to_be_hidden()
