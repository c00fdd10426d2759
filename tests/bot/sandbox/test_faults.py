"""Faults on demand and flood limits."""

import asyncio
import time
from datetime import timedelta

import pytest
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.ext import ExtBot

from bot.sandbox import Person, Room, Sandbox

Client = ExtBot[None]


async def test_429_carries_the_seconds_and_ends_by_itself(
    client: Client, sandbox: Sandbox, chat: Room
) -> None:
    sandbox.fault("sendMessage", retry_after=7)
    with pytest.raises(RetryAfter) as caught:
        await client.send_message(chat.id, "x")
    assert caught.value.retry_after == timedelta(seconds=7)
    await client.send_message(chat.id, "x")


CODES: list[tuple[int, str, type[TelegramError]]] = [
    (400, "Bad Request: anything", BadRequest),
    (401, "", InvalidToken),
    (403, "Forbidden: bot was blocked by the user", Forbidden),
    (409, "", Conflict),
    (500, "", NetworkError),
    (502, "", NetworkError),
]


@pytest.mark.parametrize("fault", CODES, ids=lambda fault: str(fault[0]))
async def test_any_code(
    client: Client, sandbox: Sandbox, chat: Room, fault: tuple[int, str, type[TelegramError]]
) -> None:
    code, text, kind = fault
    armed = sandbox.fault("sendMessage", code=code, text=text, times=2)
    for _ in range(2):
        with pytest.raises(kind):
            await client.send_message(chat.id, "x")
    await client.send_message(chat.id, "through")
    assert armed.hits == 2
    assert len(chat.messages) == 1


async def test_a_fault_for_one_chat_until_it_is_cleared(
    client: Client, sandbox: Sandbox, chat: Room, bob: Person
) -> None:
    fault = sandbox.fault(code=500, chat=chat, times=None)
    for _ in range(3):
        with pytest.raises(NetworkError):
            await client.send_message(chat.id, "x")
    await client.send_message(bob.private().id, "x")
    await client.get_me()
    fault.clear()
    await client.send_message(chat.id, "x")


async def test_a_connection_dropped_before_the_call_has_no_effect(
    client: Client, sandbox: Sandbox, chat: Room
) -> None:
    sandbox.fault("sendMessage", drop="before")
    with pytest.raises(NetworkError):
        await client.send_message(chat.id, "x")
    assert chat.messages == []


async def test_a_connection_dropped_after_the_call_leaves_the_message(
    client: Client, sandbox: Sandbox, chat: Room
) -> None:
    sandbox.fault("sendMessage", drop="after")
    with pytest.raises(NetworkError):
        await client.send_message(chat.id, "x")
    assert [note.text for note in chat.messages] == ["x"]
    assert sandbox.calls[-1].code == 0


async def test_a_late_answer_counts_even_when_the_client_gave_up(
    client: Client, sandbox: Sandbox, chat: Room
) -> None:
    sandbox.fault("sendMessage", delay=0.1)
    with pytest.raises(TimedOut):
        await client.send_message(chat.id, "x", read_timeout=0.02)
    assert chat.messages == []
    await chat.wait("x")


async def test_a_slow_chat_does_not_hold_another(
    client: Client, sandbox: Sandbox, chat: Room, bob: Person
) -> None:
    sandbox.fault("sendMessage", delay=0.3, chat=chat)
    slow = asyncio.create_task(client.send_message(chat.id, "x"))
    start = time.monotonic()
    await client.send_message(bob.private().id, "x")
    assert time.monotonic() - start < 0.2
    await slow


async def test_private_chats_allow_a_burst_and_then_one_a_second(
    client: Client, sandbox: Sandbox, chat: Room
) -> None:
    sandbox.limits.on = True
    sandbox.clock.freeze()
    for _ in range(4):
        await client.send_message(chat.id, "x")
    with pytest.raises(RetryAfter):
        await client.send_message(chat.id, "x")
    sandbox.clock.advance(1)
    await client.send_message(chat.id, "x")


async def test_sends_and_edits_of_a_group_share_twenty_a_minute(
    client: Client, sandbox: Sandbox, ann: Person
) -> None:
    crew = sandbox.group("Crew", [ann])
    sandbox.limits.on = True
    sandbox.clock.freeze()
    sent = await client.send_message(crew.id, "0")
    for number in range(1, 20):
        await client.edit_message_text(str(number), crew.id, sent.message_id)
    with pytest.raises(RetryAfter) as caught:
        await client.send_message(crew.id, "x")
    assert caught.value.retry_after == timedelta(seconds=3)
    await client.send_chat_action(crew.id, "typing")
    sandbox.clock.advance(60)
    await client.send_message(crew.id, "x")


async def test_thirty_a_second_over_all_chats(client: Client, sandbox: Sandbox) -> None:
    rooms = [sandbox.user(f"U{n}").private() for n in range(31)]
    sandbox.limits.on = True
    sandbox.clock.freeze()
    for room in rooms[:30]:
        await client.send_message(room.id, "x")
    with pytest.raises(RetryAfter):
        await client.send_message(rooms[30].id, "x")


async def test_limits_are_off_unless_asked_for(client: Client, chat: Room) -> None:
    for number in range(100):
        await client.send_message(chat.id, str(number))


async def test_calls_are_logged_with_decoded_parameters(client: Client, sandbox: Sandbox, chat: Room) -> None:
    await client.send_message(chat.id, "123", disable_notification=True)
    call = sandbox.calls[-1]
    assert (call.method, call.ok, call.chat_id) == ("sendMessage", True, chat.id)
    assert call.params == {"chat_id": chat.id, "text": "123", "disable_notification": True}
    assert call.answer["result"]["text"] == "123"
    assert await sandbox.wait_call("sendmessage") is call


@pytest.mark.slow
async def test_in_process_calls_are_fast(client: Client, chat: Room) -> None:
    start = time.perf_counter()
    for number in range(2000):
        await client.send_message(chat.id, str(number))
    assert 2000 / (time.perf_counter() - start) > 1000
