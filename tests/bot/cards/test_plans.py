"""The plan's cards: what an open, an answered and a dropped request for feedback say."""

from __future__ import annotations

import pytest

from bot.cards.render import render
from bot.text.catalog import Texts
from core.model import ChatId, Notice, SessionId
from core.states import NoticeKind, Priority


def notice(**data: object) -> Notice:
    """Return a request for feedback on plan v2."""
    return Notice(
        id=1,
        key="feedback:1:2",
        chat=ChatId(5),
        thread=None,
        session=SessionId(1),
        kind=NoticeKind.FEEDBACK,
        data={"name": "fix", "version": 2, **data},
        priority=Priority.ESSENTIAL,
        rev=1,
        shown=0,
        state="pending",
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "What should change"),
        ({"closed": "given"}, "The next plan is v3"),
        ({"closed": "superseded"}, "not needed any more"),
    ],
)
def test_the_request_for_feedback_says_how_it_stands(data: dict[str, str], said: str) -> None:
    message = render(notice(**data), Texts(strict=True).words("en"))
    assert message is not None
    assert said in message.pages[0].text
    assert bool(message.force_reply) is not bool(data)
