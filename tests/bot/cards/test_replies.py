"""Answers show what people wrote as it is, whatever it begins with."""

from __future__ import annotations

from typing import Any

from bot.cards.replies import reply
from bot.text.catalog import Texts
from core.model import ChatId, Notice
from core.states import NoticeKind, Priority

WORDS = Texts(strict=True).words("en")


def shown(*lines: dict[str, Any]) -> str:
    data = {"lines": list(lines)}
    notice = Notice(
        1, "reply:1", ChatId(5), None, None, NoticeKind.REPLY, data, Priority.CARD, 1, 0, "pending"
    )
    return "".join(page.text for page in reply(notice, WORDS).pages)


def test_a_task_that_begins_with_an_at_sign_is_shown_as_it_is() -> None:
    assert "@ann fix it" in shown({"key": "status-title.task", "values": {"task": "@ann fix it"}})


def test_a_name_that_begins_with_an_at_sign_is_answered() -> None:
    assert "@ann" in shown({"key": "error-unknown-project", "values": {"name": "@ann", "known": "tally"}})


def test_a_state_is_said_in_words() -> None:
    text = shown({"key": "status-title", "values": {"name": "greet", "state": "state-running"}})
    assert "state-running" not in text
    assert "greet" in text
