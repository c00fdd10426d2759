"""What goes first, how often, and what becomes of a notice when Telegram or the network refuses."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from core.model import ChatId
from core.states import NoticeKind, Priority
from tests.fakes.bot_api import BotApi
from tests.fakes.outbox import FakeOutbox
from tests.fakes.post import CARD, GROUP, PLAN, lost_answer, posting, refused_connection
from tests.fakes.virtual_time import virtual


@virtual
async def test_a_blocked_bot_fails_the_row_tells_and_leaves_the_chat_alone() -> None:
    async with posting() as post:
        post.api.fault("sendMessage", 403, "Forbidden: bot was blocked by the user", times=9)
        post.port.put("a")
        post.port.put("b")
        post.port.put("elsewhere", chat=2)
        await post.idle(60)
        assert post.port.row("a").state == "failed"
        assert post.port.row("b").state == "pending"
        assert post.unreachable == [1, 2]
        post.api.faults.clear()
        post.outbox.reachable(ChatId(1))
        await post.idle()
        assert post.api.texts(1) == ["b"]


@virtual
async def test_only_the_lane_that_was_told_to_wait_waits_and_the_row_keeps_its_place() -> None:
    async with posting() as post:
        post.api.fault("sendMessage", 429, "Too Many Requests", parameters={"retry_after": 7})
        start = asyncio.get_running_loop().time()
        post.port.put("first", chat=GROUP)
        await asyncio.sleep(0.1)
        post.port.put("second", chat=GROUP)
        post.port.put("other", chat=2)
        await post.idle(0.5)
        assert post.api.texts(2) == ["other"]
        assert post.api.texts(GROUP) == []
        await post.idle(20)
        assert post.api.texts(GROUP) == ["first", "second"]
        sends = [c for c in post.api.made("sendMessage") if c.params["chat_id"] == GROUP]
        assert sends[1].at - start >= 7
        assert post.port.row("first").state == "sent"


@virtual
async def test_a_migrated_group_is_told_and_the_row_goes_to_the_new_chat() -> None:
    async with posting() as post:
        post.api.fault(
            "sendMessage",
            400,
            "Bad Request: group chat was upgraded",
            parameters={"migrate_to_chat_id": -200},
        )
        post.port.put("a", chat=GROUP)
        post.port.put("b", chat=GROUP)
        await post.idle(30)
        assert post.migrated == [(GROUP, -200)]
        assert post.api.texts(-200) == ["a", "b"]
        assert post.api.texts(GROUP) == []


@virtual
async def test_a_refused_connection_is_tried_again_with_growing_pauses() -> None:
    async with posting() as post:
        post.api.fault("sendMessage", raises=refused_connection, times=5)
        post.port.put("merged", kind=NoticeKind.MERGED)
        await post.idle(60)
        times = [c.at for c in post.api.made("sendMessage")]
        assert [round(b - a) for a, b in pairwise(times)] == [1, 2, 4, 8, 16]
        assert post.api.texts(1) == ["merged"]


@virtual
async def test_a_server_error_is_not_doubtful() -> None:
    async with posting() as post:
        post.api.fault("sendMessage", 502, raw=b"<html>Bad Gateway</html>", times=2)
        post.port.put("merged", kind=NoticeKind.MERGED)
        await post.idle(10)
        assert post.api.texts(1) == ["merged"]


@virtual
async def test_an_essential_row_is_tried_for_ever_and_an_ornament_is_given_up() -> None:
    async with posting() as post:
        post.api.fault("sendMessage", raises=refused_connection, times=10**6)
        post.port.put("essential")
        post.port.put("ornament", chat=2, priority=Priority.ORNAMENT)
        await post.idle(3600)
        assert post.port.row("ornament").state == "failed"
        assert len([c for c in post.api.made("sendMessage") if c.params["chat_id"] == 2]) == 10
        assert post.port.row("essential").state == "pending"
        assert len([c for c in post.api.made("sendMessage") if c.params["chat_id"] == 1]) > 50


@virtual
async def test_a_lost_answer_repeats_a_decision_and_doubts_a_canonical_line() -> None:
    async with posting() as post:
        post.api.fault("sendMessage", raises=lost_answer, times=2, after=True)
        post.port.put("plan", chat=1, kind=PLAN, buttons=["Approve"])
        post.port.put("completed", chat=2, kind=NoticeKind.COMPLETED)
        await post.idle(30)
        assert post.api.texts(1) == ["plan", "plan"]
        assert post.port.row("plan").state == "sent"
        assert post.api.texts(2) == ["completed"]
        assert post.port.row("completed").state == "doubtful"


@virtual
async def test_a_lost_answer_to_an_edit_repeats_the_edit() -> None:
    async with posting() as post:
        post.port.put("merged", kind=NoticeKind.MERGED)
        await post.idle()
        post.api.fault("editMessageText", raises=lost_answer, after=True)
        post.port.put("merged", kind=NoticeKind.MERGED, text="merged, undone")
        await post.idle(30)
        assert post.api.texts(1) == ["merged, undone"]
        assert post.port.row("merged").state == "sent"


@virtual
async def test_a_card_that_cannot_be_made_never_holds_up_the_others() -> None:
    async with posting() as post:
        post.port.put("bug", kind=PLAN, bug=True)
        post.port.put("fine")
        await post.idle(1)
        assert post.api.texts(1) == ["fine"]
        await post.idle(300)
        assert post.port.row("bug").state == "failed"


@pytest.mark.parametrize(
    ("kind", "state", "sent"),
    [
        (NoticeKind.PLAN, "sent", 1),
        (NoticeKind.QUESTION, "sent", 1),
        (NoticeKind.PERMISSION, "sent", 1),
        (NoticeKind.BRANCH, "sent", 1),
        (NoticeKind.CONFIRM_DISCARD, "sent", 1),
        (NoticeKind.FEEDBACK, "sent", 1),
        (NoticeKind.COMPLETED, "doubtful", 0),
        (NoticeKind.MERGED, "doubtful", 0),
        (NoticeKind.APPROVED, "doubtful", 0),
        (NoticeKind.REPLY, "doubtful", 0),
    ],
)
def test_what_was_being_sent_when_the_process_died(kind: NoticeKind, state: str, sent: int) -> None:
    @virtual
    async def scenario() -> None:
        port = FakeOutbox()
        row = port.put("x", kind=kind)
        port.rows[row.id] = replace(row, state="sending")
        async with posting(port=port) as post:
            await post.idle()
            assert port.row("x").state == state
            assert len(post.api.chat(1)) == sent

    scenario()


@virtual
async def test_an_edit_that_was_under_way_is_made_again() -> None:
    api, port = BotApi(), FakeOutbox()
    async with posting(api, port) as post:
        post.port.put("done", kind=NoticeKind.COMPLETED)
        await post.idle()
        api.fault("editMessageText", hang=True)
        post.port.put("done", kind=NoticeKind.COMPLETED, text="done, with a summary")
        await post.idle()
    assert port.row("done").state == "sending"
    async with posting(api, port) as post:
        await post.idle()
        assert api.texts(1) == ["done, with a summary"]


@virtual
async def test_a_store_that_fails_after_sending_does_not_make_it_send_twice() -> None:
    async with posting() as post:
        api = post.api
        api.latency = 0.5
        post.port.put("merged", kind=NoticeKind.MERGED)
        await asyncio.sleep(0.2)
        post.port.broken = 4
        await post.idle(60)
        assert api.texts(1) == ["merged"]
        assert post.port.row("merged").state == "sent"


@virtual
async def test_an_approval_behind_25_cards_leaves_at_once_and_nothing_is_refused() -> None:
    async with posting(BotApi(limits=True, latency=0.08)) as post:
        for n in range(25):
            post.port.put(f"card{n}", chat=GROUP, session=n, **CARD)
        await asyncio.sleep(240)  # every card stands
        assert len(post.api.chat(GROUP)) == 25
        asked = 0.0
        for second in range(120):
            for n in range(25):
                post.port.put(
                    f"card{n}", chat=GROUP, session=n, text=f"{n} at {second}", running=True, **CARD
                )
            if second == 60:
                asked = asyncio.get_running_loop().time()
                post.port.put("plan", chat=GROUP, kind=PLAN, buttons=["Approve"])
            await asyncio.sleep(1)
        (sent,) = [c for c in post.api.made("sendMessage") if c.params["text"] == "plan"]
        assert sent.at - asked <= 0.1  # at most behind the one call that is under way
        assert post.api.floods == 0
        edited = [c.params["message_id"] for c in post.api.made("editMessageText")]
        assert len(edited) > 25
        assert len(set(edited)) == 25  # each has its turn


@virtual
async def test_decisions_go_before_cards_and_the_older_first() -> None:
    async with posting() as post:
        post.api.latency = 1.0
        post.port.put("under way", **CARD)
        await asyncio.sleep(0.5)
        post.port.put("ornament", priority=Priority.ORNAMENT)
        post.port.put("card", **CARD)
        await asyncio.sleep(0.1)
        post.port.put("plan", kind=PLAN)
        await asyncio.sleep(0.1)
        post.port.put("question", kind=NoticeKind.QUESTION)
        await post.idle(30)
        assert post.api.texts(1) == ["under way", "plan", "question", "card", "ornament"]


@virtual
async def test_a_running_card_is_edited_slower_with_age_and_its_end_at_once() -> None:
    async with posting() as post:
        loop = asyncio.get_running_loop()
        start = loop.time()
        while loop.time() < start + 1800:
            post.port.put("card", text=f"{loop.time()}", running=True, **CARD)
            await asyncio.sleep(0.5)
        edits = [c.at - start for c in post.api.made("editMessageText")]
        gaps = [(a, b - a) for a, b in pairwise(edits)]
        assert min(gap for at, gap in gaps if at < 100) >= 3
        assert max(gap for at, gap in gaps if at < 100) <= 4
        assert min(gap for at, gap in gaps if 130 < at < 880) >= 10
        assert min(gap for at, gap in gaps if at > 910) >= 30
        post.port.put("card", text="finished", **CARD)
        ended = loop.time()
        await post.idle()
        assert post.api.made("editMessageText")[-1].at - ended <= 0.01
        assert post.api.texts(1) == ["finished"]


@virtual
async def test_forty_chats_are_served_at_the_same_time() -> None:
    async with posting(BotApi(limits=True, latency=0.5)) as post:
        for chat in range(1, 41):
            post.port.put(f"n{chat}", chat=chat)
        await post.idle(3)
        assert all(len(post.api.chat(chat)) == 1 for chat in range(1, 41))
        assert post.api.floods == 0


@virtual
async def test_idle_lanes_are_forgotten() -> None:
    async with posting() as post:
        for chat in range(1, 21):
            post.port.put(f"n{chat}", chat=chat)
        await post.idle(120)
        assert post.outbox.lanes == 0


@virtual
async def test_stopping_does_not_wait_for_a_send_that_hangs() -> None:
    loop = asyncio.get_running_loop()
    async with posting() as post:
        post.api.fault("sendMessage", hang=True)
        post.port.put("plan", kind=PLAN)
        await post.idle(1)
        before = loop.time()
    assert loop.time() - before <= 5
    assert post.port.row("plan").state == "sending"


@virtual
async def test_a_field_opens_for_the_answer_where_one_is_asked_for() -> None:
    async with posting() as post:
        post.port.put("feedback", kind=NoticeKind.FEEDBACK, ask="What should change?")
        await post.idle()
        markup = post.api.chat(1)[0].markup
        assert markup == {
            "force_reply": True,
            "selective": True,
            "input_field_placeholder": "What should change?",
        }
