from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import httpx
import pytest
from telegram.error import NetworkError, TimedOut

from bot.lanes import LaneLimiter
from bot.message import Button, Message
from bot.ordering import PerChat
from bot.outbox import Outbox
from bot.inbox import JournalQueue
from bot.text.rich import Entity, Rich
from bot.transport import build
from core.model import ChatId, Notice
from core.states import NoticeKind, Priority
from tests.fakes.bot_api import TOKEN, BotApi, DirectRequest
from tests.fakes.inbox import FakeInbox
from tests.fakes.outbox import FakeOutbox, now
from tests.fakes.virtual_time import virtual

GROUP = -100
PLAN = NoticeKind.PLAN
CARD = {"kind": NoticeKind.PROGRESS, "priority": Priority.CARD}


async def render(notice: Notice) -> Message | None:
    """Shows what the row's data says."""
    data = notice.data
    if data.get("hidden"):
        return None
    if data.get("bug"):
        raise LookupError("a text is missing")
    pages = data.get("pages") or [data["text"]]
    rows = tuple((Button(text, f"v1:{text}", "success"),) for text in data.get("buttons", ()))
    return Message(
        pages=tuple(Rich(p, tuple(Entity(*e) for e in data.get("entities", ()))) for p in pages),
        buttons=rows,
        document=("plan.md", b"# Plan") if data.get("document") else None,
        force_reply=data.get("ask"),
        final=not data.get("running"),
    )


@dataclass
class Post:
    api: BotApi
    port: FakeOutbox
    outbox: Outbox
    unreachable: list[int] = field(default_factory=list)
    migrated: list[tuple[int, int]] = field(default_factory=list)

    async def idle(self, seconds: float = 5.0) -> None:
        await asyncio.sleep(seconds)


@asynccontextmanager
async def posting(api: BotApi | None = None, port: FakeOutbox | None = None) -> AsyncIterator[Post]:
    api, port = api or BotApi(), port or FakeOutbox()
    limiter = LaneLimiter()
    queue = JournalQueue(FakeInbox())
    line = build(
        TOKEN,
        "http://x",
        limiter=limiter,
        queue=queue,
        processor=PerChat(FakeInbox().handled),
        request=DirectRequest(api),
        poll_request=DirectRequest(api),
    )
    await line.app.bot.initialize()
    post: Post

    async def unreachable(chat: ChatId) -> None:
        post.unreachable.append(chat)

    async def migrated(old: ChatId, new: ChatId) -> None:
        post.migrated.append((old, new))
        for row in port.rows.values():
            if row.chat == old:
                port.rows[row.id] = replace(row, chat=new)

    outbox = Outbox(
        line.app.bot, port, render, limiter, now=now, on_unreachable=unreachable, on_migrated=migrated
    )
    post = Post(api, port, outbox)
    task = asyncio.create_task(outbox.run())
    try:
        yield post
    finally:
        await outbox.stop()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await line.stop()


# ---- sending and editing ---------------------------------------------------------------------------


@virtual
async def test_a_notice_is_sent_once_with_its_buttons() -> None:
    async with posting() as post:
        post.port.put("plan", kind=PLAN, buttons=["Approve", "Reject"])
        await post.idle()
        (shown,) = post.api.chat(1)
        assert (shown.text, shown.buttons) == ("plan", ["Approve", "Reject"])
        assert shown.markup["inline_keyboard"][0][0]["style"] == "success"
        row = post.port.row("plan")
        assert (row.state, row.shown, row.parts) == ("sent", 1, (shown.id,))


@virtual
async def test_the_first_call_leaves_at_once() -> None:
    async with posting() as post:
        before = asyncio.get_running_loop().time()
        post.port.put("hello")
        await post.idle(0.01)
        assert post.api.made("sendMessage")[0].at == before


@virtual
async def test_the_newest_revision_is_rendered_when_it_is_sent() -> None:
    async with posting(BotApi(latency=0.2)) as post:
        post.port.put("card", text="one")
        await asyncio.sleep(0.1)  # revision 1 is on its way
        post.port.put("card", text="two")
        post.port.put("card", text="three")
        await post.idle()
        assert post.api.texts(1) == ["three"]
        assert [c.method for c in post.api.made("sendMessage", "editMessageText")] == [
            "sendMessage",
            "editMessageText",
        ]


@virtual
async def test_a_later_revision_edits_text_and_buttons() -> None:
    async with posting() as post:
        post.port.put("plan", kind=PLAN, buttons=["Approve"])
        await post.idle()
        post.port.put("plan", kind=PLAN, text="approved")
        await post.idle()
        (shown,) = post.api.chat(1)
        assert (shown.text, shown.buttons) == ("approved", [])


@virtual
async def test_an_edit_that_changes_nothing_costs_no_call_and_is_a_success() -> None:
    async with posting() as post:
        post.port.put("card")
        await post.idle()
        post.port.put("card")
        await post.idle()
        assert not post.api.made("editMessageText")
        assert post.port.row("card").shown == 2


@virtual
async def test_not_modified_is_a_success() -> None:
    api, port = BotApi(), FakeOutbox()
    async with posting(api, port) as post:
        post.port.put("card")
        await post.idle()
    async with posting(api, port) as post:  # nothing is remembered of what the message shows
        post.port.put("card")
        await post.idle()
        assert len(api.made("editMessageText")) == 1
        assert post.port.row("card").state == "sent"


@virtual
async def test_nothing_to_show_is_done() -> None:
    async with posting() as post:
        post.port.put("card", hidden=True)
        await post.idle()
        assert post.port.row("card").state == "sent"
        assert not post.api.made("sendMessage")
        post.port.put("card", text="now there is")
        await post.idle()
        assert post.api.texts(1) == ["now there is"]


# ---- pages and documents ---------------------------------------------------------------------------


@virtual
async def test_buttons_stand_under_the_last_page_and_the_document_follows() -> None:
    async with posting() as post:
        post.port.put("plan", kind=PLAN, pages=["p1", "p2"], buttons=["Approve"], document=True)
        await post.idle()
        first, last, file = post.api.chat(1)
        assert (first.buttons, last.buttons, file.document) == ([], ["Approve"], "file")
        assert post.port.row("plan").parts == (first.id, file.id, last.id)
        post.port.put("plan", kind=PLAN, pages=["p1", "p2"], document=True)
        await post.idle()
        assert post.api.chat(1)[1].buttons == []
        assert len(post.api.made("editMessageText")) == 1
        assert post.port.row("plan").parts == (first.id, file.id, last.id)


@virtual
async def test_an_edit_that_grew_sends_the_new_pages() -> None:
    async with posting() as post:
        post.port.put("card", pages=["a"], buttons=["x"])
        await post.idle()
        post.port.put("card", pages=["a1", "a2", "a3"], buttons=["x"])
        await post.idle()
        assert post.api.texts(1) == ["a1", "a2", "a3"]
        assert [m.buttons for m in post.api.chat(1)] == [[], [], ["x"]]
        assert post.port.row("card").parts == tuple(m.id for m in post.api.chat(1))


@virtual
async def test_an_edit_that_shrank_deletes_pages_and_keeps_the_one_with_the_buttons() -> None:
    async with posting() as post:
        post.port.put("card", pages=["a", "b", "c"], buttons=["x"])
        await post.idle()
        last = post.port.row("card").parts[-1]
        post.port.put("card", pages=["only"])
        await post.idle()
        assert post.api.texts(1) == ["only"]
        assert post.port.row("card").parts == (last,)


@virtual
async def test_a_page_that_cannot_be_deleted_stays() -> None:
    async with posting() as post:
        post.port.put("card", pages=["a", "b"])
        await post.idle()
        post.api.fault("deleteMessage", 400, "Bad Request: message can't be deleted")
        post.port.put("card", pages=["only"])
        await post.idle()
        assert post.api.texts(1) == ["a", "only"]
        assert post.port.row("card").state == "sent"


@virtual
async def test_pages_that_were_sent_before_a_crash_are_not_sent_again() -> None:
    api, port = BotApi(), FakeOutbox()
    async with posting(api, port) as post:
        api.fault("sendMessage", hang=True, when=lambda p: p["text"] == "p3")
        post.port.put("plan", kind=PLAN, pages=["p1", "p2", "p3"])
        await post.idle()
    assert (port.row("plan").state, len(port.row("plan").parts)) == ("sending", 2)
    async with posting(api, port) as post:
        await post.idle()
        assert api.texts(1) == ["p1", "p2", "p3"]


@virtual
async def test_a_document_telegram_does_not_take_does_not_hold_up_the_card() -> None:
    async with posting() as post:
        post.api.fault("sendDocument", 400, "Bad Request: file must be non-empty", times=9)
        post.port.put("plan", kind=PLAN, document=True, buttons=["Approve"])
        await post.idle()
        assert post.port.row("plan").state == "sent"


# ---- refusals --------------------------------------------------------------------------------------


@virtual
async def test_refused_entities_lead_to_words_only() -> None:
    async with posting() as post:
        post.api.fault(
            "sendMessage",
            400,
            "Bad Request: can't parse entities: x",
            times=9,
            when=lambda p: "entities" in p,
        )
        post.port.put("plan", kind=PLAN, entities=[("bold", 0, 4)], buttons=["Approve"])
        await post.idle()
        (shown,) = post.api.chat(1)
        assert (shown.text, shown.entities, shown.buttons) == ("plan", [], ["Approve"])


@virtual
async def test_content_that_is_refused_twice_fails_and_the_next_goes_on() -> None:
    async with posting() as post:
        post.api.fault("sendMessage", 400, "Bad Request: BUTTON_DATA_INVALID", times=2)
        post.port.put("bad")
        post.port.put("good")
        await post.idle()
        assert post.port.row("bad").state == "failed"
        assert post.api.texts(1) == ["good"]


@virtual
async def test_a_decision_whose_message_was_deleted_is_sent_anew_and_a_card_is_not() -> None:
    async with posting() as post:
        post.port.put("plan", kind=PLAN, buttons=["Approve"])
        post.port.put("card", **CARD)
        await post.idle()
        post.api.messages.clear()
        post.port.put("plan", kind=PLAN, text="plan, again", buttons=["Approve"])
        post.port.put("card", text="more", **CARD)
        await post.idle()
        assert post.api.texts(1) == ["plan, again"]
        assert post.port.row("plan").parts == (post.api.chat(1)[0].id,)
        assert post.port.row("card").state == "sent"


@virtual
async def test_a_decision_that_was_made_is_not_sent_anew() -> None:
    async with posting() as post:
        post.port.put("plan", kind=PLAN, buttons=["Approve"])
        await post.idle()
        post.api.messages.clear()
        post.port.put("plan", kind=PLAN, text="approved")
        await post.idle()
        assert post.api.texts(1) == []
        assert post.port.row("plan").state == "sent"


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


def refused_connection() -> Exception:
    error = NetworkError("httpx.ConnectError: refused")
    error.__cause__ = httpx.ConnectError("refused")
    return error


def lost_answer() -> Exception:
    error = TimedOut()
    error.__cause__ = httpx.ReadTimeout("")
    return error


@virtual
async def test_a_refused_connection_is_tried_again_with_growing_pauses() -> None:
    async with posting() as post:
        post.api.fault("sendMessage", raises=refused_connection, times=5)
        post.port.put("merged", kind=NoticeKind.MERGED)
        await post.idle(60)
        times = [c.at for c in post.api.made("sendMessage")]
        assert [round(b - a) for a, b in zip(times, times[1:], strict=False)] == [1, 2, 4, 8, 16]
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


# ---- the window of doubt at start ------------------------------------------------------------------


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


# ---- topics ----------------------------------------------------------------------------------------


@virtual
async def test_a_wanted_topic_is_made_before_the_first_message() -> None:
    async with posting() as post:
        post.port.wanted[7] = "fix-login"  # type: ignore[index]
        post.port.put("started", chat=GROUP, session=7, name="fix-login")
        post.port.put("plan", chat=GROUP, session=7, kind=PLAN)
        await post.idle()
        ((thread, title),) = post.api.topics[GROUP].items()
        assert title == "fix-login"
        assert [m.thread for m in post.api.chat(GROUP)] == [thread, thread]
        assert post.port.row("plan").thread == thread


@virtual
async def test_without_the_right_to_make_topics_the_chat_itself_is_used() -> None:
    async with posting() as post:
        post.api.fault("createForumTopic", 400, "Bad Request: not enough rights to create a topic")
        post.port.wanted[7] = "fix-login"  # type: ignore[index]
        post.port.put("started", chat=GROUP, session=7)
        await post.idle()
        assert [m.thread for m in post.api.chat(GROUP)] == [None]
        assert post.port.threads == {7: None}


@virtual
async def test_a_deleted_topic_is_made_again_once_and_then_given_up() -> None:
    async with posting() as post:
        post.port.threads[7] = 55  # type: ignore[index]
        post.port.put("one", chat=GROUP, session=7, name="fix-login")
        await post.idle()
        ((thread, title),) = post.api.topics[GROUP].items()
        assert (title, post.api.chat(GROUP)[0].thread) == ("fix-login", thread)
        post.api.topics.clear()
        post.port.put("two", chat=GROUP, session=7, name="fix-login")
        await post.idle()
        assert post.api.chat(GROUP)[1].thread is None
        assert post.port.threads == {7: None}


@virtual
async def test_an_answer_in_a_deleted_topic_goes_to_the_chat() -> None:
    async with posting() as post:
        post.port.put("answer", chat=GROUP, thread=55)
        await post.idle()
        assert [m.thread for m in post.api.chat(GROUP)] == [None]


# ---- order and pace --------------------------------------------------------------------------------


@virtual
async def test_an_approval_behind_25_cards_leaves_at_once_and_nothing_is_refused() -> None:
    async with posting(BotApi(limits=True, latency=0.08)) as post:
        for n in range(25):
            post.port.put(f"card{n}", chat=GROUP, session=n, **CARD)
        await asyncio.sleep(240)  # every card stands
        assert len(post.api.chat(GROUP)) == 25
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
        gaps = [(a, b - a) for a, b in zip(edits, edits[1:], strict=False)]
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
