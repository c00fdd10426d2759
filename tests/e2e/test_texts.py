"""Every kind of text, from people and from agents: shown as data, never as one of the bot's own lines."""

from __future__ import annotations

import asyncio
import itertools
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import Note
from bot.text.catalog import Texts
from tests.e2e.scripted import Turn, acting, heard
from tests.e2e.test_strangers import sessions
from tests.rig import Stage, stage

CANONICAL = ("✅", "📋", "👍", "❓", "🔀", "❌", "⛔", "💤", "⏰", "🚀")
PEOPLE_SAY = [
    "<b>bold</b> *stars* _under_ `code` [link](http://x) & &amp; </pre>",
    "\u202egnp.exe \u200bzero\u200dwidth \u2066isolated",
    "שלום עולם — مرحبا",
    "👩‍👩‍👧‍👦" * 20,
    "🏳️‍🌈",
    "✅ [x] Completed",
    "a\nb\r\nc\u2028d",
    "{ $name } { -term } {{mustache}} %s %(x)s {0} \\u0041",
    "'; DROP TABLE session; --",
    "../../../etc/passwd",
    "-rf --no-verify $(reboot) `reboot` ; reboot",
    "\t\t tabbed",
    "名前:任务",
    "a" * 4000,
    "😀" * 2000,
]


async def test_any_task_begins_a_session_and_reaches_the_agent_as_it_was_written(tmp_path: Path) -> None:
    async with acting(tmp_path, [("end", "Done.")]) as play:
        for number, text in enumerate(PEOPLE_SAY):
            await play.chat.say(f"/new tally n{number}: {text}")
        for number in range(len(PEOPLE_SAY)):
            await play.see(f"✅ [n{number}] Completed")
        told = {entry["prompt"] for entry in heard(tmp_path)}
        for number, text in enumerate(PEOPLE_SAY):
            assert f"/new tally n{number}: {text}".partition(": ")[2].strip() in told, text
        assert not any(note.text.startswith("✅ [x]") for note in bots(play))


def bots(play: Stage) -> list[Note]:
    return [note for note in play.chat.messages if note.message.sender.is_bot]


async def test_spaces_and_empty_things_start_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        world, room = play.sandbox.world, play.chat.chat
        for text in (
            " ",
            "\n\n",
            "\u00a0",
            "\u200b",
            "/new",
            "/new ",
            "/new tally",
            "/new tally   ",
            "/",
            "//",
        ):
            world.post(room, play.ann.user, {"text": text})
        await play.see("Use it like this: /new")
        await asyncio.sleep(0.6)
        assert sessions(play) <= 2  # "/" and "//" are words like others


async def test_a_message_of_a_hundred_kilobytes_becomes_one_session(tmp_path: Path) -> None:
    long = " ".join(f"word{n}" for n in range(12_000))
    assert len(long) > 100_000
    async with acting(tmp_path, [("end", "Read.")]) as play:
        await play.chat.say(long)  # as clients do, it is sent in pieces of 4096
        await play.see("✅ [")
        assert sessions(play) == 1
        async with asyncio.timeout(30):
            while len("".join(e["prompt"] for e in heard(tmp_path))) < len(long) - 100:
                await asyncio.sleep(0.1)
        told = "".join("".join(e["prompt"].split()) for e in heard(tmp_path))
        assert told == "".join(long.split())


async def test_one_update_of_a_hundred_kilobytes_is_a_task_like_others(tmp_path: Path) -> None:
    async with acting(tmp_path, [("plan", "ok"), ("end", "Read.")]) as play:
        play.sandbox.world.post(play.chat.chat, play.ann.user, {"text": "x" * 100_000})
        await (await play.see("Plan v1", button="Approve")).press("Approve")
        await play.see("✅ [")
        assert len(heard(tmp_path)[0]["prompt"]) == 100_000


# ---- agents -------------------------------------------------------------------------------------------

WILD = [
    "✅ [x] Completed\n👍 [x] Plan v1 approved\n🔀 [x] main",
    "**✅ [x]** Completed",
    "<b>not bold</b> <script>alert(1)</script> &lt;",
    "\ud83d lone \udc00 halves \ud800",
    "\u202eevil\u202c \u200b\u200b \x00\x07\x1b[31mred\x1b[0m",
    "",
    "   \n\n",
    "# " * 500,
    "**b** `c` " * 1000,
    "> " * 60 + "deep",
    "- " * 200 + "nested",
    "|a|b|\n|-|-|\n" + "|x|y|\n" * 500,
    "```\n" + "code\n" * 3000 + "```",
    "x" * 60_000,
    "😀" * 9000,
    "[a](http://x" + "y" * 5000 + ")",
]


@pytest.mark.parametrize("number", range(len(WILD)))
async def test_any_plan_and_any_result_can_be_read_and_decided(tmp_path: Path, number: int) -> None:
    text = WILD[number]
    async with acting(tmp_path, [("say", text), ("plan", text), ("end", text)]) as play:
        await play.chat.say("/new tally named: Do something")
        await play.see("📋 [named] Plan v1")
        card = await play.chat.until(lambda: _with(play, "Approve"), what="Approve", timeout=20)
        await card.press("Approve")
        await play.see("✅ [named] Completed")
        mine = [note.text for note in bots(play)]
        assert play.sent("👍 [named]") == 1
        for line in itertools.chain.from_iterable(text.splitlines() for text in mine):
            assert not (line.startswith(CANONICAL) and "[x]" in line), line
        assert all(len(text.encode("utf-16-le")) // 2 <= 4096 for text in mine)
        assert len(mine) < 12


def _file(play: Stage) -> Note | None:
    return next((note for note in bots(play) if "document" in note.message.body), None)


def _with(play: Stage, button: str) -> Note | None:
    return next((note for note in bots(play) if button in note.buttons), None)


async def test_a_plan_of_a_megabyte_comes_as_a_beginning_and_a_file(tmp_path: Path) -> None:
    text = "* **item** `code` [l](http://x)\n" * 32_000
    async with acting(tmp_path, [("plan", text), ("end", "ok")]) as play:
        began = asyncio.get_running_loop().time()
        await play.chat.say("Do something")
        plan = await play.see("attached", button="Approve")
        assert asyncio.get_running_loop().time() - began < 10
        file = await play.chat.until(lambda: _file(play), what="file", timeout=20)
        assert file.file.decode() == text
        await plan.press("Approve")
        await play.see("✅ [")


def question(text: Any, *labels: str, multi: bool = False, **more: Any) -> Turn:
    options = [{"label": label, "description": more.get("description", "")} for label in labels]
    asked = {"question": text, "header": "H", "options": options, "multiSelect": multi}
    return [("ask", {"questions": [asked]}), ("end", "ok")]


def answers(tmp: Path) -> dict[str, str]:
    found = [e["AskUserQuestion"] for e in heard(tmp) if "AskUserQuestion" in e]
    given: dict[str, str] = found[-1]["updatedInput"]["answers"]
    return given


LABELS = [
    ("Only",),
    tuple(f"Option {n}" for n in range(12)),
    ("Same", "Same"),
    ("long " * 30, "also long " * 40),
    ("✅ [x] Completed", "👍"),
    ("\u202eturned", "<b>x</b>"),
]


@pytest.mark.parametrize("labels", LABELS)
async def test_an_option_answers_with_its_exact_label(tmp_path: Path, labels: tuple[str, ...]) -> None:
    async with acting(tmp_path, question("Which?", *labels)) as play:
        await play.chat.say("Do something")
        card = await play.see("❓ [do-something] Question")
        assert len(card.buttons) == len(labels)
        last = str(card.keyboard[-1][0]["callback_data"])
        await card.press(data=last)
        await play.see("✅ [do-something]")
        assert answers(tmp_path) == {"Which?": labels[-1]}
        assert card.buttons == []


@pytest.mark.parametrize("labels", [("", " "), ("\u200b", "\ud800"), ()])
async def test_options_without_a_word_can_still_be_pressed_or_answered(
    tmp_path: Path, labels: tuple[str, ...]
) -> None:
    async with acting(tmp_path, question("Which?", *labels)) as play:
        await play.chat.say("Do something")
        card = await play.see("❓ [do-something] Question")
        assert all(card.buttons)
        assert len(card.buttons) == len(labels)
        await card.reply("my own words")
        await play.see("✅ [do-something]")
        assert answers(tmp_path) == {"Which?": "my own words"}


async def test_several_answers_are_switched_on_and_off_and_sent_together(tmp_path: Path) -> None:
    async with acting(tmp_path, question("Which?", "Red", "Green", "Blue", multi=True)) as play:
        await play.chat.say("Do something")
        card = await play.see("❓ [do-something]", button="Done")
        nothing = await card.press("Done")
        assert nothing == "Press at least one option first."
        for label in ("Red", "Green", "Blue", "Green"):
            await card.press(label)
        await card.press("Done")
        await play.see("✅ [do-something]")
        assert answers(tmp_path) == {"Which?": "Red, Blue"}
        assert "Answered: Red, Blue" in card.text


@pytest.mark.parametrize(
    "text", ["", "✅ [x] Completed\n❓ [x] Question", "long " * 9000, "\ud800", "<b>*x*</b>"]
)
async def test_any_question_can_be_read_and_answered(tmp_path: Path, text: str) -> None:
    async with acting(tmp_path, question(text, "Yes", "No", description="✅ [x] Completed")) as play:
        await play.chat.say("Do something")
        card = await play.chat.until(lambda: _with(play, "Yes"), what="Yes", timeout=20)
        for line in itertools.chain.from_iterable(note.text.splitlines() for note in bots(play)):
            assert not (line.startswith(CANONICAL) and "[x]" in line), line
        assert len(bots(play)) < 10
        await card.press("Yes")
        await play.see("✅ [do-something] Completed")
        assert list(answers(tmp_path).values()) == ["Yes"]


@pytest.mark.parametrize(
    "given", [{}, {"questions": []}, {"questions": "x"}, {"questions": [{"question": 5}]}]
)
async def test_a_question_nobody_can_read_is_asked_as_a_permission(
    tmp_path: Path, given: dict[str, Any]
) -> None:
    async with acting(tmp_path, [("ask", given), ("end", "ok")]) as play:
        await play.chat.say("Do something")
        await (await play.see("❓ [do-something] Permission", button="Deny")).press("Deny")
        await play.see("✅ [do-something]")


async def test_a_permission_shows_the_command_as_it_is(tmp_path: Path) -> None:
    command = "echo '✅ [x] Completed' && rm -rf \u202e/ # <b>" + "x" * 5000
    use = ("use", {"tool": "Bash", "input": {"command": command, "description": "✅ [x] Completed"}})
    async with acting(tmp_path, [use, ("end", "ok")]) as play:
        await play.chat.say("Do something")
        card = await play.see("❓ [do-something] Permission", button="Allow")
        assert "rm -rf /" in card.text
        assert "\u202e" not in card.text
        await card.press("Allow")
        await play.see("✅ [do-something]")


# ---- reading aloud ------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
async def test_a_whole_journey_is_told_in_one_language_and_in_order(tmp_path: Path, locale: str) -> None:
    words = Texts().words(locale)
    async with stage(tmp_path) as play:
        await play.chat.say(f"/lang {locale}")
        await play.see(words.lang_set())
        await play.chat.say("Add a JSON output format")
        for button in (words.button_approve(), "JSON", words.button_merge()):
            card = await play.chat.until(partial(_with, play, button), what=button, timeout=20)
            await card.press(button)
        await play.see("→ main · 2")
        await asyncio.sleep(1.0)
        marks = [note.text[0] for note in bots(play)[1:]]
        assert [mark for mark in marks if mark != "⚙"] == list("🚀📋👍❓✅🔀✅"), marks
        working = words.progress_working(name="add-json-output-format")
        assert not any(note.text.startswith(working) for note in bots(play))
