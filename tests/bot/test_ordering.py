"""The order within a chat, and the room for the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from bot.ordering import PerChat, place
from tests.fakes.inbox import FakeInbox
from tests.fakes.updates import callback, message, of


async def run(
    processor: PerChat, items: Sequence[tuple[object, Callable[[], Coroutine[Any, Any, None]]]]
) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(processor.process_update(item, work())) for item, work in items]


async def test_updates_of_one_chat_keep_their_order_and_chats_run_at_the_same_time() -> None:
    seen: list[tuple[int, int, str]] = []
    inbox = FakeInbox()
    processor = PerChat(inbox.handled)

    def work(chat: int, n: int) -> Callable[[], Coroutine[Any, Any, None]]:
        async def handle() -> None:
            seen.append((chat, n, "begin"))
            await asyncio.sleep(0.002 * (5 - n))
            seen.append((chat, n, "end"))

        return handle

    items = [(of(message(10 * c + n, chat=c)), work(c, n)) for n in range(5) for c in (1, 2, 3)]
    await asyncio.gather(*await run(processor, items))
    for chat in (1, 2, 3):
        assert [(n, e) for c, n, e in seen if c == chat] == [
            (n, e) for n in range(5) for e in ("begin", "end")
        ]
    assert [e for _, _, e in seen[:3]] == ["begin"] * 3
    assert inbox.done == {10 * c + n for n in range(5) for c in (1, 2, 3)}
    assert processor.chats == 0


async def test_a_chat_full_of_updates_leaves_room_for_the_others() -> None:
    processor = PerChat(FakeInbox().handled, at_once=2)
    gate, other = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        await gate.wait()

    async def quick() -> None:
        other.set()

    items: list[Any] = [(of(message(n, chat=1)), slow) for n in range(50)]
    tasks = await run(processor, [*items, (of(message(99, chat=2)), quick)])
    await asyncio.wait_for(other.wait(), 1)
    gate.set()
    await asyncio.gather(*tasks)


async def test_no_more_than_the_bound_run_at_once() -> None:
    processor = PerChat(FakeInbox().handled, at_once=4)
    running = most = 0

    async def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1

    await asyncio.gather(*await run(processor, [(of(message(n, chat=n + 1)), work) for n in range(40)]))
    assert most == 4


async def test_a_store_that_fails_does_not_stop_the_chat() -> None:
    async def broken(update: int) -> None:
        raise OSError(f"the disk is full: {update}")

    processor = PerChat(broken)
    done: list[int] = []

    def work(n: int) -> Callable[[], Coroutine[Any, Any, None]]:
        async def handle() -> None:
            done.append(n)

        return handle

    await asyncio.gather(*await run(processor, [(of(message(n)), work(n)) for n in range(3)]))
    assert done == [0, 1, 2]


async def test_at_the_end_what_hangs_is_let_go_and_stays_open() -> None:
    inbox = FakeInbox()
    processor = PerChat(inbox.handled)

    async def hang() -> None:
        await asyncio.sleep(1000)

    tasks = await run(processor, [(of(message(n)), hang) for n in range(3)])
    await asyncio.sleep(0.01)
    await processor.shutdown()
    assert all(task.cancelled() for task in tasks)
    assert inbox.done == set()
    assert processor.chats == 0


@pytest.mark.parametrize(
    ("update", "chat"),
    [
        (message(1, chat=-5), -5),
        (callback(1, chat=-5), -5),
        ({"update_id": 1}, 0),
        (
            {
                "update_id": 1,
                "inline_query": {
                    "id": "1",
                    "from": {"id": 7, "is_bot": False, "first_name": "A"},
                    "query": "",
                    "offset": "",
                },
            },
            7,
        ),
    ],
)
def test_every_update_has_a_place(update: dict[str, Any], chat: int) -> None:
    assert place(of(update)) == chat


def test_what_is_no_update_has_a_place_too() -> None:
    assert place(object()) == 0
