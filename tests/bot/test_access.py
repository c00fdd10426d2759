"""Who passes the gate: paired people, in private and in allowed groups, and nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import telegram
from telegram.ext import Application, CommandHandler, ContextTypes, MessageHandler, TypeHandler, filters

from bot.access import Action, Gate, may
from bot.inbox import JournalQueue
from bot.lanes import LaneLimiter
from bot.ordering import PerChat
from bot.pairing import new_code
from bot.transport import build
from core.model import ChatId, User, UserId
from core.states import Role
from tests.fakes.bot_api import TOKEN, BotApi, DirectRequest
from tests.fakes.inbox import FakeInbox
from tests.fakes.updates import CHANNEL, OWNER, STRANGER, body, callback, membership, message, of, user

CREW = -5
ELSEWHERE = -6
BOT = {"id": 99, "is_bot": True, "first_name": "Other bot"}
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group"}


class FakePeople:
    def __init__(self) -> None:
        self.users: dict[int, User] = {}
        self.chats = {CREW}

    async def get(self, user: UserId) -> User | None:
        return self.users.get(user)

    async def pair(self, user: UserId, name: str, role: Role) -> User:
        self.users[user] = User(user, name, role)
        return self.users[user]

    async def chat_allowed(self, chat: ChatId) -> bool:
        return chat in self.chats


class FakeVoice:
    def __init__(self) -> None:
        self.said: list[str] = []

    def toast(self, key: str, language: str | None) -> str:
        return f"{key} ({language})"

    async def say(self, update: telegram.Update, key: str) -> None:
        self.said.append(key)


@dataclass
class Door:
    app: Any
    api: BotApi
    people: FakePeople
    voice: FakeVoice
    passed: list[int] = field(default_factory=list)
    followed: list[tuple[int, int]] = field(default_factory=list)

    async def comes(self, raw: dict[str, Any]) -> bool:
        before = len(self.passed)
        await self.app.process_update(of(raw, self.app.bot))
        return len(self.passed) > before


@pytest.fixture
async def door(tmp_path: Path) -> Door:
    """A real application behind the gate whose every handler would take anything."""
    api, people, voice, inbox = BotApi(), FakePeople(), FakeVoice(), FakeInbox()
    people.users[OWNER] = User(UserId(OWNER), "Ann", Role.OWNER)
    line = build(
        TOKEN,
        "http://x",
        limiter=LaneLimiter(),
        queue=JournalQueue(inbox),
        processor=PerChat(inbox.handled),
        request=DirectRequest(api),
        poll_request=DirectRequest(api),
    )
    await line.app.initialize()
    door = Door(line.app, api, people, voice)

    async def followed(old: ChatId, new: ChatId) -> None:
        door.followed.append((old, new))

    async def handler(update: telegram.Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        door.passed.append(update.update_id)

    Gate(people, voice, tmp_path, owner=8, on_migrated=followed).install(line.app)
    for take in (
        CommandHandler("deploy", handler),
        MessageHandler(filters.ALL, handler),
        TypeHandler(telegram.Update, handler),
    ):
        line.app.add_handler(take)
    return door


async def test_paired_people_pass_in_private_and_in_allowed_groups(door: Door) -> None:
    assert await door.comes(message(text="/deploy"))
    assert await door.comes(message(text="a task"))
    assert await door.comes(message(text="a task", chat=CREW))
    assert await door.comes(callback())
    assert await door.comes(callback(chat=CREW))
    assert door.voice.said == []


REFUSED: dict[str, dict[str, Any]] = {
    "a stranger": message(text="/deploy", by=STRANGER, chat=STRANGER),
    "a stranger in an allowed group": message(text="/deploy", by=STRANGER, chat=CREW),
    "another bot": {"update_id": 1, "message": {**body("/deploy"), "from": {**BOT, "id": OWNER}}},
    "an edit": {"update_id": 1, "edited_message": {**body("/deploy"), "edit_date": 1_700_000_001}},
    "an anonymous admin": {
        "update_id": 1,
        "message": {
            **body("/deploy", chat=CREW),
            "from": ANONYMOUS,
            "sender_chat": {"id": CREW, "type": "supergroup", "title": "Crew"},
        },
    },
    "somebody in the name of a channel": message(text="/deploy", chat=CREW, sender_chat=CHANNEL),
    "an automatic forward": message(text="/deploy", chat=CREW, is_automatic_forward=True),
    "a forward": message(
        text="/deploy", forward_origin={"type": "hidden_user", "date": 1, "sender_user_name": "x"}
    ),
    "a message by way of a bot": message(text="/deploy", via_bot=BOT),
    "a channel post": {
        "update_id": 1,
        "channel_post": {**body("/deploy"), "chat": CHANNEL, "sender_chat": CHANNEL},
    },
    "an edited channel post": {"update_id": 1, "edited_channel_post": {**body("/deploy"), "chat": CHANNEL}},
    "a business message": {"update_id": 1, "business_message": body("/deploy", business_connection_id="b")},
    "a guest message": {"update_id": 1, "guest_message": body("/deploy")},
    "a message without a sender": {
        "update_id": 1,
        "message": {k: v for k, v in body("/deploy").items() if k != "from"},
    },
    "a message in a group that is not allowed": message(text="/deploy", chat=ELSEWHERE),
    "a press in a group that is not allowed": callback(chat=ELSEWHERE),
    "a press of a stranger": callback(by=STRANGER, chat=CREW),
    "a press on a message sent by way of the bot": {
        "update_id": 1,
        "callback_query": {
            "id": "1",
            "from": user(),
            "chat_instance": "1",
            "data": "x",
            "inline_message_id": "i",
        },
    },
    "an inline query": {
        "update_id": 1,
        "inline_query": {"id": "1", "from": user(), "query": "x", "offset": ""},
    },
    "an update of a kind nobody knows": {"update_id": 1, "tea_time": {"from": user()}},
    "an empty update": {"update_id": 1},
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
async def test_nobody_else_passes(door: Door, raw: dict[str, Any]) -> None:
    assert not await door.comes(raw)


async def test_the_owner_of_the_configuration_is_paired_at_the_first_word(door: Door) -> None:
    assert await door.comes(message(by=8, chat=8))
    assert door.people.users[8].role is Role.OWNER
    door.people.users[8] = replace(door.people.users[8], role=Role.VIEWER)
    assert await door.comes(message(by=8, chat=8))
    assert door.people.users[8].role is Role.OWNER


async def test_a_stranger_with_the_code_becomes_the_owner(door: Door, tmp_path: Path) -> None:
    code = new_code(tmp_path)
    assert not await door.comes(message(text=f"/start {code.lower()}", by=STRANGER, chat=STRANGER))
    assert door.people.users[STRANGER].role is Role.OWNER
    assert door.voice.said == ["access-paired-owner"]
    assert await door.comes(message(by=STRANGER, chat=STRANGER))


async def test_a_code_in_a_group_is_not_looked_at(door: Door, tmp_path: Path) -> None:
    code = new_code(tmp_path)
    assert not await door.comes(message(text=f"/start {code}", by=STRANGER, chat=CREW))
    assert STRANGER not in door.people.users
    await door.comes(message(text=f"/start {code}", by=STRANGER, chat=STRANGER))
    assert STRANGER in door.people.users


async def test_a_forwarded_code_is_not_looked_at(door: Door, tmp_path: Path) -> None:
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "x"}
    await door.comes(
        message(text=f"/start {new_code(tmp_path)}", by=STRANGER, chat=STRANGER, forward_origin=origin)
    )
    assert STRANGER not in door.people.users


async def test_five_wrong_codes_close_the_pairing(door: Door, tmp_path: Path) -> None:
    code = new_code(tmp_path)
    for n in range(5):
        await door.comes(message(text="/start WRNG-CODE", by=STRANGER + n, chat=STRANGER + n))
    await door.comes(message(text=f"/start {code}", by=STRANGER, chat=STRANGER))
    assert STRANGER not in door.people.users


async def test_two_strangers_with_one_code_are_not_both_paired(door: Door, tmp_path: Path) -> None:
    code = new_code(tmp_path)
    await asyncio.gather(
        *(door.comes(message(text=f"/start {code}", by=STRANGER + n, chat=STRANGER + n)) for n in range(4))
    )
    assert len(door.people.users) == 2  # the owner and one of them


async def test_a_stranger_hears_one_refusal_an_hour(door: Door) -> None:
    for _ in range(5):
        await door.comes(message(by=STRANGER, chat=STRANGER))
        await door.comes(message(text="/start", by=STRANGER, chat=STRANGER))
    assert door.voice.said == ["access-not-paired"]


async def test_many_strangers_together_are_bounded(door: Door) -> None:
    for n in range(200):
        await door.comes(message(by=STRANGER + n, chat=STRANGER + n))
    assert len(door.voice.said) == 60


async def test_talk_of_strangers_in_an_allowed_group_is_left_alone(door: Door) -> None:
    await door.comes(message(text="lunch?", by=STRANGER, chat=CREW))
    assert door.voice.said == []


async def test_in_a_group_that_is_not_allowed_the_owner_may_allow_it(door: Door) -> None:
    door.people.users[9] = User(UserId(9), "Bo", Role.OPERATOR)
    assert await door.comes(message(text="/allow", chat=ELSEWHERE))
    assert await door.comes(message(text="/allow@lead_bot", chat=ELSEWHERE))
    assert not await door.comes(message(text="/allow", by=9, chat=ELSEWHERE))
    assert not await door.comes(message(text="/new x", chat=ELSEWHERE))
    assert not await door.comes(message(text="talk", chat=ELSEWHERE))
    assert door.voice.said == ["access-not-paired-group"]


async def test_a_refused_press_is_answered_over_the_button(door: Door) -> None:
    await door.comes(callback(by=STRANGER, chat=CREW))
    (call,) = door.api.made("answerCallbackQuery")
    assert call.params["text"] == "access-not-paired (None)"


async def test_a_refused_press_that_is_too_old_to_answer_does_no_harm(door: Door) -> None:
    door.api.fault("answerCallbackQuery", 400, "Bad Request: query is too old")
    assert not await door.comes(callback(by=STRANGER, chat=CREW))


async def test_brought_into_a_chat_by_a_stranger_the_bot_leaves(door: Door) -> None:
    assert not await door.comes(membership(by=STRANGER, chat=ELSEWHERE))
    (call,) = door.api.made("leaveChat")
    assert int(call.params["chat_id"]) == ELSEWHERE
    assert not await door.comes(membership(by=STRANGER, chat=ELSEWHERE, status="left"))
    assert not await door.comes(membership(by=STRANGER, chat=CREW, status="member"))
    assert not await door.comes(membership(by=STRANGER, chat=STRANGER, status="kicked"))
    assert len(door.api.made("leaveChat")) == 1


async def test_brought_into_a_chat_by_a_paired_person_the_bot_stays(door: Door) -> None:
    assert await door.comes(membership(by=OWNER, chat=ELSEWHERE))
    assert not door.api.made("leaveChat")


async def test_a_group_that_moved_is_followed_whoever_moved_it(door: Door) -> None:
    moved = message(by=STRANGER, chat=CREW, migrate_to_chat_id=-1005)
    assert not await door.comes(moved)
    assert not await door.comes(message(by=STRANGER, chat=ELSEWHERE, migrate_to_chat_id=-1006))
    assert door.followed == [(CREW, -1005)]


@pytest.mark.parametrize(
    ("role", "action", "allowed"),
    [
        (None, "read", False),
        (Role.VIEWER, "read", True),
        (Role.VIEWER, "decide", False),
        (Role.OPERATOR, "launch", True),
        (Role.OPERATOR, "merge", True),
        (Role.OPERATOR, "bypass", False),
        (Role.OPERATOR, "allow", False),
        (Role.OWNER, "bypass", True),
        (Role.OWNER, "pair", True),
    ],
)
def test_what_a_role_allows(role: Role | None, action: Action, allowed: bool) -> None:
    assert may(role, action) is allowed


def test_the_gate_blocks_and_stands_first(tmp_path: Path) -> None:
    app = Application.builder().token(TOKEN).job_queue(None).build()
    Gate(FakePeople(), FakeVoice(), tmp_path).install(app)
    (handler,) = app.handlers[min(app.handlers)]
    assert handler.block is True
