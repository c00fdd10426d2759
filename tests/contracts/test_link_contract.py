"""What every link between control and a host promises, whichever way its bytes go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

import pytest

from core.events import SessionStarted
from core.links.local import LocalLink
from core.model import SessionId
from core.ports import Beat, Command, ControlLink, HostLink, Record, Verb

T = TypeVar("T")
HOST = "local"
Ends = tuple[ControlLink, HostLink]
SOON = 5.0
NEVER = 0.05


@asynccontextmanager
async def local() -> AsyncIterator[Ends]:
    """The two ends of the in-process link."""
    link = LocalLink()
    yield link, link
    await link.close()


LINKS: list[Callable[[], AbstractAsyncContextManager[Ends]]] = [local]


@pytest.fixture(params=LINKS, ids=lambda make: make.__name__)
async def ends(request: pytest.FixtureRequest) -> AsyncIterator[Ends]:
    async with request.param() as made:
        yield made


def order(number: int, session: int = 1) -> Command:
    return Command(f"c{number}", SessionId(session), Verb.PROMPT, {"text": f"§ {number} 字"})


def record(seq: int, session: int = 1) -> Record:
    return Record(SessionId(session), 1, seq, seq * 10, SessionStarted(f"a{seq}"))


async def take(source: AsyncIterator[T], count: int) -> list[T]:
    """Take some items, and no more."""
    found: list[T] = []
    async with asyncio.timeout(SOON):
        while len(found) < count:
            found.append(await anext(source))
    return found


async def later(work: Awaitable[T]) -> asyncio.Future[T]:
    """Begin something and let it come as far as it can."""
    task = asyncio.ensure_future(work)
    await asyncio.wait([task], timeout=NEVER)
    return task


async def test_commands_of_a_session_arrive_whole_and_in_order(ends: Ends) -> None:
    control, host = ends
    for number in range(100):
        await control.send(HOST, order(number))
    assert await take(host.commands(), 100) == [order(number) for number in range(100)]


async def test_commands_sent_before_the_host_listens_are_kept(ends: Ends) -> None:
    control, host = ends
    await control.send(HOST, order(1))
    waiting = await later(take(host.commands(), 2))
    await control.send(HOST, order(2))
    assert await waiting == [order(1), order(2)]


async def test_a_command_for_a_host_that_does_not_exist_is_refused(ends: Ends) -> None:
    control, _ = ends
    with pytest.raises(ValueError, match="nowhere"):
        await control.send("nowhere", order(1))


async def test_confirmed_commands_are_told_by_their_ids(ends: Ends) -> None:
    control, host = ends
    await host.done("c1")
    await host.done("c2")
    assert await take(control.acks(), 2) == ["c1", "c2"]


async def test_records_arrive_in_batches_and_in_order(ends: Ends) -> None:
    control, host = ends
    first = await later(host.append([record(1), record(2)]))
    batches = control.records()
    [(batch, confirm)] = await take(batches, 1)
    assert list(batch) == [record(1), record(2)]
    await confirm()
    await asyncio.wait_for(first, SOON)
    second = await later(host.append([record(3)]))
    [(batch, confirm)] = await take(batches, 1)
    assert list(batch) == [record(3)]
    await confirm()
    await asyncio.wait_for(second, SOON)


async def test_the_host_waits_until_its_records_are_stored(ends: Ends) -> None:
    control, host = ends
    appended = await later(host.append([record(1)]))
    [(_, confirm)] = await take(control.records(), 1)
    await asyncio.sleep(NEVER)
    assert not appended.done()
    await confirm()
    await asyncio.wait_for(appended, SOON)


async def test_confirming_twice_is_confirming_once(ends: Ends) -> None:
    control, host = ends
    appended = await later(host.append([record(1)]))
    [(_, confirm)] = await take(control.records(), 1)
    await confirm()
    await confirm()
    await asyncio.wait_for(appended, SOON)


async def test_sessions_do_not_wait_for_each_other(ends: Ends) -> None:
    control, host = ends
    one = await later(host.append([record(1, session=1)]))
    two = await later(host.append([record(1, session=2)]))
    found = {batch[0].session: confirm for batch, confirm in await take(control.records(), 2)}
    await found[SessionId(2)]()
    await asyncio.wait_for(two, SOON)
    assert not one.done()
    await found[SessionId(1)]()
    await asyncio.wait_for(one, SOON)


async def test_a_flood_makes_the_host_wait_and_loses_nothing(ends: Ends) -> None:
    control, host = ends
    appended = [asyncio.ensure_future(host.append([record(seq)])) for seq in range(1, 1001)]
    seen = []
    async with asyncio.timeout(SOON):
        async for batch, confirm in control.records():
            seen += [r.seq for r in batch]
            await confirm()
            if len(seen) == 1000:
                break
    await asyncio.gather(*appended)
    assert seen == list(range(1, 1001))


async def test_a_host_that_gives_up_waiting_may_offer_again(ends: Ends) -> None:
    control, host = ends
    first = await later(host.append([record(1)]))
    first.cancel()
    again = await later(host.append([record(1)]))
    batches = control.records()
    async with asyncio.timeout(SOON):
        while not again.done():  # at least once: the first offer may arrive too
            batch, confirm = await anext(batches)
            assert [r.seq for r in batch] == [1]
            await confirm()
            await asyncio.sleep(0.01)


async def test_beats_arrive(ends: Ends) -> None:
    control, host = ends
    beat = Beat(HOST, 4, {SessionId(1): 2})
    await host.beat(beat)
    assert await take(control.beats(), 1) == [beat]


async def test_closing_ends_whoever_waits(ends: Ends) -> None:
    control, host = ends
    waiting = [
        await later(take(source, 1))
        for source in (control.records(), control.acks(), control.beats(), host.commands())
    ]
    await control.close()
    for wait in waiting:
        with pytest.raises((StopAsyncIteration, RuntimeError)):
            await asyncio.wait_for(wait, SOON)


async def test_closing_tells_the_host_that_its_records_were_not_stored(ends: Ends) -> None:
    control, host = ends
    waiting = [asyncio.ensure_future(host.append([record(seq)])) for seq in range(1, 400)]
    await take(control.records(), 1)
    await control.close()
    results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), SOON)
    assert all(isinstance(result, ConnectionError) for result in results)


async def test_a_closed_link_takes_nothing_and_gives_nothing(ends: Ends) -> None:
    control, host = ends
    await control.close()
    with pytest.raises(ConnectionError):
        await host.append([record(1)])
    with pytest.raises(ConnectionError):
        await control.send(HOST, order(1))
    assert [item async for item in host.commands()] == []
    assert [item async for item in control.records()] == []
    assert [item async for item in control.records()] == []
