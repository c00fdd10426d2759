"""How one notice becomes messages: pages, documents, edits, and what is sent anew."""

from __future__ import annotations

import asyncio

from tests.fakes.bot_api import BotApi
from tests.fakes.outbox import FakeOutbox
from tests.fakes.post import CARD, PLAN, posting
from tests.fakes.virtual_time import virtual


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
        post.port.put("card", buttons=["Stop"], **CARD)
        await post.idle()
        post.api.messages.clear()
        post.port.put("plan", kind=PLAN, text="plan, again", buttons=["Approve"])
        post.port.put("card", text="more", buttons=["Stop"], **CARD)
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
