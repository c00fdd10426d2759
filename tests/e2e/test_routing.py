"""Where a message goes: replies, topics, awaited feedback, commands with and without a name, moved groups."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.sandbox import Note, Room
from tests.e2e.scripted import acting, heard
from tests.e2e.test_strangers import QUIET, bots, plan_in, rows, sessions
from tests.rig import Stage, stage

PATIENT = 20.0


@asynccontextmanager
async def forum(tmp: Path) -> AsyncIterator[tuple[Stage, Room]]:
    """A stage with a group that has topics and is connected."""
    async with stage(tmp) as play:
        crew = play.sandbox.group("Crew", [play.ann], forum=True, bot_admin=True)
        await crew.say("/allow")
        await crew.wait("is connected")
        yield play, crew


async def plan_of(room: Room, name: str, version: int = 1) -> Note:
    return await room.wait(f"[{name}] Plan v{version}", button="Approve", timeout=PATIENT)


async def test_two_sessions_in_one_chat_each_hear_what_is_said_to_them(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        await play.chat.say("/new one: Add a JSON output format")
        await play.chat.say("/new two: Add a JSON output format")
        one, two = await plan_of(play.chat, "one"), await plan_of(play.chat, "two")
        await two.reply("Name two in the README")
        await one.reply("Name one in the README")
        first, second = await plan_of(play.chat, "one", 2), await plan_of(play.chat, "two", 2)
        assert "Name one" in first.text
        assert "Name two" in second.text
        started = next(n for n in play.chat.messages if n.text.startswith("🚀 [two]"))
        await started.reply("approve")
        await play.see("👍 [two] Plan v2 approved")
        assert "Approve" in first.buttons


async def test_awaited_feedback_comes_before_any_other_routing(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        await play.chat.say("/new one: Add a JSON output format")
        await play.chat.say("/new two: Add a JSON output format")
        one, two = await plan_of(play.chat, "one"), await plan_of(play.chat, "two")
        await one.press("Revise")
        await play.see("[one] What should change")
        await play.chat.say("/status")
        await play.see("waits")
        await two.reply("approve")  # to another session's card, and it looks like a decision
        plan = await plan_of(play.chat, "one", 2)
        assert "approve" in plan.text
        assert "Approve" in two.buttons
        await two.reply("approve")
        await play.see("👍 [two]")


async def test_a_command_needs_no_name_when_one_session_waits_and_asks_which_when_several_do(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path) as play:
        await play.chat.say("/approve")
        await play.see("Nothing waits for /approve")
        await play.chat.say("/new one: Add a JSON output format")
        await plan_of(play.chat, "one")
        await play.chat.say("/new two: Add a JSON output format")
        two = await plan_of(play.chat, "two")
        asked = await play.chat.say("/approve")
        which = await play.see("Say which one", after=asked)
        assert "one" in which.text
        assert "two" in which.text
        await play.chat.say("/approve nobody")
        await play.see("There is no session nobody")
        assert play.sent("👍") == 0
        await play.chat.say("/APPROVE@leadhand_bot one")
        await play.see("👍 [one]")
        await play.chat.say("/revise name it in the README")  # one is left that waits
        plan = await plan_of(play.chat, "two", 2)
        assert "name it in the README" in plan.text
        await two.reply("/reject")
        await play.see("⛔ [two]")
        await play.chat.say("/answer one JSON")
        await play.see("✅ [one]")
        await play.chat.say("/merge")
        await play.see("✅ [one] Merged")


@pytest.mark.parametrize("text", ["/approve@other_bot", "/Approve@OTHER_BOT", "/etc/hosts", "/a/b c"])
async def test_what_is_no_command_of_this_bot_is_none(tmp_path: Path, text: str) -> None:
    async with stage(tmp_path) as play:
        await plan_in(play)
        await play.chat.say(text)
        await asyncio.sleep(QUIET)
        assert play.sent("👍") == 0
        assert play.sent("There is no command") == 0


async def test_a_command_may_stand_on_a_line_of_its_own(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        await play.chat.say("/new\ntally\nlined: Add a JSON output format")
        await plan_of(play.chat, "lined")


async def test_with_several_projects_a_task_names_its_own(tmp_path: Path) -> None:
    async with stage(tmp_path, start=False) as play:
        file = play.leadhand.home / "leadhand.toml"
        file.write_text(file.read_text() + f"[projects.other]\npath = {str(play.repo)!r}\n")
        await play.leadhand.start()
        for text, answer in (
            ("Add a JSON output format", "went to no session"),
            ("/new Add a JSON output format", "There is no project Add. Projects: tally, other"),
            ("/new", "Use it like this"),
            ("/new tally", "Use it like this"),
        ):
            asked = await play.chat.say(text)
            await play.see(answer, after=asked)
        assert sessions(play) == 0
        await play.chat.say("/new OTHER named: Add a JSON output format")
        await play.see("There is no project OTHER")
        await play.chat.say("/new other named: Add a JSON output format")
        await plan_of(play.chat, "named")


# ---- groups and topics --------------------------------------------------------------------------------


async def test_a_forum_has_a_topic_for_each_session_and_a_message_there_is_for_it(tmp_path: Path) -> None:
    async with forum(tmp_path) as (_, crew):
        await crew.say("/new tally one: Add a JSON output format")
        await crew.say("/new tally two: Add a JSON output format")
        one, two = await plan_of(crew, "one"), await plan_of(crew, "two")
        assert one.topic == crew.topics["one"].id
        assert two.topic == crew.topics["two"].id
        await crew.say("Name it in the README", topic=crew.topics["two"])
        assert (await plan_of(crew, "two", 2)).topic == crew.topics["two"].id
        await crew.say("/approve", topic=crew.topics["one"])
        await crew.wait("👍 [one]", topic=crew.topics["one"], timeout=PATIENT)
        assert "Approve" in (await plan_of(crew, "two", 2)).buttons


async def test_in_the_general_topic_sessions_are_begun_and_decided_by_name(tmp_path: Path) -> None:
    async with forum(tmp_path) as (play, crew):
        await crew.say("just talking")
        await crew.say("/new tally one: Add a JSON output format")
        await plan_of(crew, "one")
        await crew.say("/sessions")
        assert (await crew.wait("1 session")).topic == 0
        await crew.say("/approve one")
        await crew.wait("👍 [one]", topic=crew.topics["one"], timeout=PATIENT)
        assert sessions(play) == 1


async def test_a_deleted_topic_does_not_swallow_what_follows(tmp_path: Path) -> None:
    async with forum(tmp_path) as (_, crew):
        await crew.say("/new tally one: Add a JSON output format")
        plan = await plan_of(crew, "one")
        del crew.chat.topics[plan.topic]
        await crew.say("/approve one")
        approved = await crew.wait("👍 [one]", timeout=PATIENT)
        question = await crew.wait("❓ [one]", button="JSON", timeout=PATIENT)
        assert approved.topic != plan.topic
        assert question.topic != plan.topic
        await question.press("JSON")
        await crew.wait("✅ [one]", timeout=PATIENT)


async def test_a_group_that_becomes_a_supergroup_keeps_its_sessions(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        crew = play.sandbox.group("Crew", [play.ann], bot_admin=True)
        await crew.say("/allow")
        await crew.wait("is connected")
        await crew.say("/new tally one: Add a JSON output format")
        await plan_of(crew, "one")
        await asyncio.sleep(0.3)
        bigger = crew.migrate()
        await bigger.say("/approve one")
        await bigger.wait("👍 [one]", timeout=PATIENT)
        question = await bigger.wait("❓ [one]", button="JSON", timeout=PATIENT)
        await question.press("JSON")
        await bigger.wait("✅ [one]", timeout=PATIENT)


async def test_a_plain_message_in_a_group_begins_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        crew = play.sandbox.group("Crew", [play.ann], bot_admin=True)
        await crew.say("/allow")
        await crew.wait("is connected")
        await crew.say("Add a JSON output format")
        await asyncio.sleep(QUIET)
        assert sessions(play) == 0
        assert len(bots(crew)) == 1


# ---- a crash between ----------------------------------------------------------------------------------


@pytest.mark.chaos
@pytest.mark.parametrize("delay", [0.0, 0.002, 0.005, 0.01, 0.02])
async def test_an_update_that_came_before_a_kill_is_handled_once(tmp_path: Path, delay: float) -> None:
    async with acting(tmp_path, [("say", "at it"), ("sleep", 1.0), ("end", "Done.")]) as play:
        await play.chat.say("/new one: Do something")
        await asyncio.sleep(delay)
        await play.leadhand.kill()
        await play.leadhand.start()
        await play.see("✅ [one] Completed")
        assert rows(play, "SELECT name FROM session") == [("one",)]
        assert [entry for entry in heard(tmp_path) if "prompt" in entry] == [{"prompt": "Do something"}]


@pytest.mark.chaos
async def test_a_press_that_came_while_nobody_ran_counts_once(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        plan = await plan_in(play)
        await asyncio.sleep(0.3)
        await play.leadhand.kill()
        pressing = [asyncio.create_task(plan.press("Approve", timeout=PATIENT)) for _ in range(3)]
        await asyncio.sleep(0.1)
        await play.leadhand.start()
        toasts = [str(toast) for toast in await asyncio.gather(*pressing)]
        assert toasts.count("") == 1
        await play.see("❓", button="JSON")
        assert play.sent("👍") == 1
