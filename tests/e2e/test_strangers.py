"""Enemies and mistakes in the chat: strangers, forged, stale and doubled presses, borrowed words."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from bot.sandbox import Note, Person, Room
from tests.rig import Stage, git, stage

QUIET = 0.6  # long enough for a wrong reaction to show


async def plan_in(play: Stage, text: str = "Add a JSON output format") -> Note:
    await play.chat.say(text)
    return await play.see("Plan v1", button="Approve")


def rows(play: Stage, sql: str) -> list[tuple[object, ...]]:
    """What the database holds, read beside the running program."""
    with sqlite3.connect(f"file:{play.leadhand.home / 'leadhand.db'}?mode=ro", uri=True) as db:
        return db.execute(sql).fetchall()


def sessions(play: Stage) -> int:
    return int(str(rows(play, "SELECT count(*) FROM session")[0][0]))


def bots(room: Room) -> list[str]:
    return [note.text for note in room.messages if note.message.sender.is_bot]


# ---- people who are not paired ------------------------------------------------------------------------


async def test_a_stranger_hears_one_refusal_and_starts_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        eve = play.sandbox.user("Eve")
        lair = eve.private()
        for text in (
            "Add a JSON output format",
            "/new tally do it",
            "/sessions",
            "/allow",
            "approve",
            "/help",
        ):
            await lair.say(text)
        await lair.wait("paired people only")
        await asyncio.sleep(QUIET)
        assert len(bots(lair)) == 1
        assert sessions(play) == 0
        assert "tally" not in str(bots(lair))


async def test_five_wrong_codes_close_the_door_and_the_right_one_is_no_use_any_more(tmp_path: Path) -> None:
    async with stage(tmp_path, start=False, owner=False) as play:
        await play.leadhand.start()
        [line] = [line for line in play.leadhand.said if line.startswith("pairing code")]
        code = line.split()[2].rstrip(":")
        eve = play.sandbox.user("Eve").private()
        for number in range(5):
            await eve.say(f"/start WRONG-{number}{number}{number}{number}")
        await eve.wait("not right")
        await asyncio.sleep(QUIET)
        await eve.say(f"/start {code}")
        await asyncio.sleep(QUIET)
        assert rows(play, "SELECT count(*) FROM user") == [(0,)]
        assert len(bots(eve)) == 1
        _, out, _ = await play.leadhand.run("pair")
        await play.chat.say(f"/start {out.split()[-1]}")
        await play.see("You are the owner")


async def test_a_code_pairs_one_person_once(tmp_path: Path) -> None:
    async with stage(tmp_path, start=False, owner=False) as play:
        await play.leadhand.start()
        _, out, _ = await play.leadhand.run("pair")
        code = out.split()[-1]
        await play.chat.say(f"/start {code.lower().replace('-', '')}")
        await play.see("You are the owner")
        eve = play.sandbox.user("Eve").private()
        await eve.say(f"/start {code}")
        await eve.wait("paired people only")
        assert rows(play, "SELECT count(*) FROM user") == [(1,)]


async def test_the_bot_leaves_a_group_a_stranger_brings_it_to(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        eve = play.sandbox.user("Eve")
        lair = play.sandbox.group("Lair", [eve], bot=False)
        lair.add_bot()
        await play.sandbox.wait_call("leaveChat")
        assert not any(bots(lair))


async def test_a_group_hears_nothing_before_its_owner_allows_it(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        eve = play.sandbox.user("Eve")
        crew = play.sandbox.group("Crew", [play.ann, eve])
        await crew.say("/new tally do it", as_=eve)
        await crew.say("/allow", as_=eve)
        await crew.say("/new tally do it")
        await crew.wait("not connected")
        await crew.say("/allow")
        await crew.wait("is connected")
        await crew.say("/new tally do it", as_=eve)
        await asyncio.sleep(QUIET)
        assert sessions(play) == 0


async def test_a_stranger_in_a_topic_of_ours_is_not_heard(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        eve = play.sandbox.user("Eve")
        crew = play.sandbox.group("Crew", [play.ann, eve], forum=True, bot_admin=True)
        await crew.say("/allow")
        await crew.wait("is connected")
        await crew.say("/new tally named: Add a JSON output format")
        plan = await crew.wait("Plan v1", button="Approve", timeout=20)
        topic = crew.topics["named"]
        await crew.say("approve", as_=eve, topic=topic)
        await plan.reply("approve", as_=eve)
        await crew.say("/approve named", as_=eve)
        toast = await plan.press("Approve", as_=eve)
        assert "paired people only" in toast
        await asyncio.sleep(QUIET)
        assert "Approve" in plan.buttons
        assert not any("👍" in text for text in bots(crew))


# ---- buttons ------------------------------------------------------------------------------------------

FORGED = [
    "x", "v1:", "v1::approve", "v1:" + "A" * 22 + ":approve", "v1:" + "A" * 22 + ":" + "z" * 12,
    "v2:" + "A" * 22 + ":approve", "\u202e" * 20, "🔑" * 16, "' OR 1=1 --", "A" * 64,
    "v1:../../../etc/passwd00:approve",
]  # fmt: skip


async def test_forged_data_is_refused_in_words(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        plan = await plan_in(play)
        for data in FORGED:
            toast = await plan.press(data=data)
            assert "out of date" in toast, data
            assert toast.alert
        assert "Approve" in plan.buttons
        assert play.sent("👍") == 0


def button_data(note: Note, label: str) -> str:
    return next(str(b["callback_data"]) for row in note.keyboard for b in row if b["text"] == label)


async def test_a_verb_the_card_never_had_changes_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        plan = await plan_in(play)
        ours = button_data(plan, "Approve").rpartition(":")[0]
        for verb in ("merge", "yes", "o0", "t0", "done", "allow", "approved", "a", "0"):
            toast = await plan.press(data=f"{ours}:{verb}")
            assert toast, verb
            assert toast.alert
            assert "Approve" in plan.buttons
        assert (await plan.press("Approve")) == ""
        await play.see("👍")


async def test_a_button_works_in_its_own_chat_and_under_its_own_message_only(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        crew = play.sandbox.group("Crew", [play.ann])
        await crew.say("/allow")
        connected = await crew.wait("is connected")
        plan = await plan_in(play)
        data = button_data(plan, "Approve")
        await asyncio.sleep(0.3)  # the card is bound to its message once it was delivered
        assert "out of date" in await connected.press(data=data)
        started = await play.see("🚀")
        assert "out of date" in await started.press(data=data)
        assert play.sent("👍") == 0


async def test_a_button_of_another_session_decides_that_session_or_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        one = await plan_in(play, "/new tally one: Add a JSON output format")
        two = await plan_in(play, "/new tally two: Add a JSON output format")
        two = await play.see("[two] Plan v1", button="Approve")
        await asyncio.sleep(0.3)
        assert "out of date" in await two.press(data=button_data(one, "Approve"))
        assert "Approve" in two.buttons
        assert "Approve" in one.buttons


async def test_the_buttons_of_an_older_plan_are_dead(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        first = await plan_in(play)
        old = button_data(first, "Approve")
        await first.press("Revise")
        await play.see("What should change")
        await play.chat.say("Do more")
        second = await play.see("Plan v2", button="Approve")
        toast = await first.press(data=old)
        assert toast == "Already decided by Ann: Revise"
        assert "Approve" in second.buttons
        assert play.sent("👍") == 0


async def test_two_presses_at_the_same_moment_count_once(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        plan = await plan_in(play)
        data = button_data(plan, "Approve")
        toasts: list[str] = list(await asyncio.gather(*(plan.press(data=data) for _ in range(6))))
        assert toasts.count("") == 1
        assert toasts.count("Already decided by Ann: Approve") == 5
        await play.see("❓", button="JSON")
        assert play.sent("👍") == 1


async def test_a_second_person_is_told_who_was_first(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        bob = await paired(play, "Bob", "operator")
        crew = await allowed(play, bob)
        await crew.say("/new tally Add a JSON output format")
        plan = await crew.wait("Plan v1", button="Approve", timeout=20)
        data = button_data(plan, "Reject")
        await plan.press("Approve", as_=bob)
        assert await plan.press(data=data) == "Already decided by Bob: Approve"


async def test_a_viewer_may_look_and_not_decide(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        vic = await paired(play, "Vic", "viewer")
        crew = await allowed(play, vic)
        await crew.say("/new tally named: Add a JSON output format")
        plan = await crew.wait("Plan v1", button="Approve", timeout=20)
        toast = await plan.press("Approve", as_=vic)
        assert toast.alert
        assert "may not" in toast
        for text in ("approve", "/approve named", "/stop named", "/new tally more", "/allow"):
            answer = await plan.reply(text, as_=vic)
            await crew.wait("may not", after=answer)
        await crew.say("/sessions", as_=vic)
        await crew.wait("1 session")
        assert "Approve" in plan.buttons
        assert not any("👍" in text for text in bots(crew))


async def paired(play: Stage, name: str, role: str) -> Person:
    """Pair somebody behind the program's back: there is no command for roles yet."""
    person = play.sandbox.user(name)
    with sqlite3.connect(play.leadhand.home / "leadhand.db") as db:
        db.execute("INSERT INTO user (id, name, role) VALUES (?, ?, ?)", (person.id, name, role))
    return person


async def allowed(play: Stage, *others: Person) -> Room:
    crew = play.sandbox.group("Crew", [play.ann, *others], bot_admin=True)  # it sees every message
    await crew.say("/allow")
    await crew.wait("is connected")
    return crew


# ---- borrowed words -----------------------------------------------------------------------------------


async def test_words_that_are_not_a_persons_own_decide_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        plan = await plan_in(play)
        bob = play.sandbox.user("Bob")
        elsewhere = play.sandbox.group("Elsewhere", [bob, play.ann], bot=False)
        approve = await elsewhere.say("/approve", as_=bob)
        await play.chat.forward(approve)
        note = await play.chat.say("/help")
        await play.see("What you can do here")
        await note.edit("/approve")
        await asyncio.sleep(QUIET)
        assert play.sent("👍") == 0
        assert "Approve" in plan.buttons
        assert sessions(play) == 1


async def test_a_message_by_way_of_another_bot_or_as_the_group_itself_decides_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        crew = await allowed(play)
        await crew.say("/new tally named: Add a JSON output format")
        await crew.wait("Plan v1", button="Approve", timeout=20)
        people, world = play.sandbox.people, play.sandbox.world
        for extra in (
            {"via_bot": {"id": 5, "is_bot": True, "first_name": "inline"}},
            {"sender_chat": {"id": crew.id, "type": "group", "title": "Crew"}},
        ):
            world.post(crew.chat, play.ann.user, {"text": "/approve named", **extra})
        del people
        await asyncio.sleep(QUIET)
        assert not any("👍" in text for text in bots(crew))


async def test_a_stranger_who_takes_the_place_of_the_awaited_feedback_is_not_it(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        bob = await paired(play, "Bob", "operator")
        crew = await allowed(play, bob)
        await crew.say("/new tally named: Add a JSON output format")
        plan = await crew.wait("Plan v1", button="Approve", timeout=20)
        await plan.press("Revise")
        await crew.wait("What should change")
        await crew.say("Bob talks about lunch", as_=bob)
        await asyncio.sleep(QUIET)
        assert not any("Plan v2" in text for text in bots(crew))
        await crew.say("Name it in the README")
        second = await crew.wait("Plan v2", button="Approve", timeout=20)
        assert "Name it in the README" in second.text
        assert "lunch" not in second.text


async def test_a_discard_needs_a_yes_under_its_own_id(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        await (await plan_in(play)).press("Approve")
        await (await play.see("❓", button="JSON")).press("JSON")
        branch = await play.see("🔀 [", button="Discard")
        data = button_data(branch, "Discard")
        for forged in (data.replace(":discard", ":yes"), data.replace(":discard", ":discarded")):
            assert (await branch.press(data=forged)).alert
        await branch.press("Discard")
        ask = await play.see("Discard leadhand/", button="Yes")
        assert git(play.repo, "branch", "--list", "leadhand/*")
        await ask.press("No")
        assert "Merge" in branch.buttons
        await branch.press("Discard")
        again = await play.see("Discard leadhand/", button="Yes", after=ask)
        await again.press("Yes")
        await play.see("⛔ [")
        assert git(play.repo, "branch", "--list", "leadhand/*") == ""
        assert (await branch.press(data=data)).startswith("Already decided by Ann")
