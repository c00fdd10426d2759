"""The topic of a session: made, made again once, given up."""

from __future__ import annotations

from core.model import SessionId
from tests.fakes.post import GROUP, PLAN, posting
from tests.fakes.virtual_time import virtual


@virtual
async def test_a_wanted_topic_is_made_before_the_first_message() -> None:
    async with posting() as post:
        post.port.wanted[SessionId(7)] = "fix-login"
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
        post.port.wanted[SessionId(7)] = "fix-login"
        post.port.put("started", chat=GROUP, session=7)
        await post.idle()
        assert [m.thread for m in post.api.chat(GROUP)] == [None]
        assert post.port.threads == {7: None}


@virtual
async def test_a_deleted_topic_is_made_again_once_and_then_given_up() -> None:
    async with posting() as post:
        post.port.threads[SessionId(7)] = 55
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
