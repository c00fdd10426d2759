"""Stdin: once per id, bounded, and a clear word when nobody listens."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from core.host.keeper import KeeperError
from core.keeper.entry import Entry
from core.keeper.feed import BASE, HEAD, RING, SLOT, SLOTS_AT, Feed, new_queue
from core.keeper.wire import Refused

if TYPE_CHECKING:
    from tests.core.keeper.harness import House


async def test_a_write_id_counts_once(house: House) -> None:
    await house.sh("a", "cat")
    for _ in range(3):
        await house.keeper.write("a", b"one\n", "same")
    await asyncio.gather(*(house.keeper.write("a", b"two\n", "other") for _ in range(3)))
    await house.kill_pump()
    await house.keeper.write("a", b"one\n", "same")
    await house.kill_vault()
    await house.kill_pump()
    await house.keeper.write("a", b"one\n", "same")
    await house.keeper.close_stdin("a")
    assert await house.text("a") == b"one\ntwo\n"


async def test_an_agent_that_does_not_read_fills_its_queue_and_no_more(house: House) -> None:
    await house.sh("a", "sleep 60")
    frame = b"z" * 1_000_000
    writes = [asyncio.create_task(house.keeper.write("a", frame, f"w{n}")) for n in range(12)]
    done, _ = await asyncio.wait(writes, timeout=1)
    codes = [error.code for task in done if isinstance(error := task.exception(), KeeperError)]
    assert codes
    assert set(codes) == {"busy"}
    assert len(writes) - len(done) == 8  # those wait
    status = await house.keeper.status()  # nobody else does
    assert status.running == 1
    for task in writes:
        task.cancel()


async def test_waiting_frames_go_on_when_the_agent_reads_again(house: House) -> None:
    os.mkfifo(house.home / "go")
    await house.sh("b", "read x < go; wc -c")
    writing = asyncio.create_task(house.keeper.write("b", b"z" * 3_000_000, "1"))
    closing = asyncio.create_task(house.keeper.close_stdin("b"))
    await asyncio.sleep(0.1)
    assert not writing.done()
    (house.home / "go").write_text("\n")
    await asyncio.gather(writing, closing)
    assert (await house.text("b")).strip() == b"3000000"


async def test_a_frame_beyond_the_queue_is_refused(house: House) -> None:
    await house.sh("a", "cat > /dev/null")
    with pytest.raises(KeeperError, match="too_big"):
        await house.keeper.write("a", b"z" * (8 * 1024 * 1024 + 1), "1")


async def test_writing_to_the_dead_and_to_the_deaf_is_refused(house: House) -> None:
    await house.sh("dead", "exit 0")
    await house.keeper.wait("dead")
    await house.sh("deaf", "exec 0<&-; echo up; sleep 60")
    await anext(house.keeper.lines("deaf"))
    await house.sh("closed", "cat; sleep 60")
    await house.keeper.close_stdin("closed")
    await house.keeper.close_stdin("closed")
    for run in ("dead", "deaf", "closed"):
        with pytest.raises(KeeperError) as refused:
            await house.keeper.write(run, b"x", "1")
        assert refused.value.code == "gone"


async def test_death_answers_the_waiting_writes(house: House) -> None:
    await house.sh("a", "sleep 60")
    writing = asyncio.create_task(house.keeper.write("a", b"z" * 3_000_000, "1"))
    await asyncio.sleep(0.1)
    await house.keeper.kill("a", 0)
    with pytest.raises(KeeperError, match="gone"):
        await writing


# The queue itself, taken up again after a kill between any two of its steps.


@pytest.fixture
def entry() -> Entry:
    read, write = os.pipe2(os.O_NONBLOCK)
    facts = {"run": "a", "layout": "structured", "pid": 1, "start_time": 1}
    return Entry("", facts, {"queue": new_queue(), "stdin": write, "reader": read})


def test_a_frame_cut_short_by_a_kill_is_taken_back(entry: Entry) -> None:
    feed = Feed(entry)
    feed.offer("whole", b"whole")
    queue = entry.fds["queue"]
    start = BASE + 5
    os.pwrite(queue, SLOT.pack(hash("cut"), start, start + 100, 1), SLOTS_AT + SLOT.size)
    os.pwrite(queue, HEAD.pack(2, 0), 0)
    os.pwrite(queue, b"half of it", start)
    again = Feed(entry)
    assert again.known("whole") == 0
    assert again.known("cut") is None
    again.push()
    assert os.read(entry.fds["reader"], 100) == b"whole"
    again.offer("cut", b"all of it")
    again.push()
    assert os.read(entry.fds["reader"], 100) == b"all of it"
    entry.close()


def test_delivered_bytes_are_not_sent_again(entry: Entry) -> None:
    feed = Feed(entry)
    number = feed.offer("big", b"b" * 200_000)
    feed.push()
    assert not feed.delivered(number)
    got = os.read(entry.fds["reader"], 200_000)
    again = Feed(entry)
    again.push()
    while not again.delivered(number):
        got += os.read(entry.fds["reader"], 200_000)
        again.push()
    got += os.read(entry.fds["reader"], 200_000)
    assert got == b"b" * 200_000
    assert os.fstat(entry.fds["queue"]).st_size == BASE  # the memory is given back
    assert Feed(entry).delivered(number)
    entry.close()


def test_a_kill_between_draining_and_rewinding_does_no_harm(entry: Entry) -> None:
    feed = Feed(entry)
    feed.offer("one", b"one")
    feed.push()
    queue = entry.fds["queue"]
    os.lseek(queue, BASE + 3, os.SEEK_SET)
    again = Feed(entry)
    again.offer("two", b"two")
    again.push()
    assert os.read(entry.fds["reader"], 100) == b"onetwo"
    entry.close()


def test_the_last_1024_ids_are_known_to_the_next_pump(entry: Entry) -> None:
    feed = Feed(entry)
    for n in range(RING + 500):
        feed.offer(f"w{n}", b"x")
        feed.push()
        os.read(entry.fds["reader"], 10)
    for view in (feed, Feed(entry)):
        assert all(view.known(f"w{n}") == n for n in range(500, RING + 500))
    assert Feed(entry).known("w499") is None
    entry.close()


def test_small_frames_wait_in_a_bounded_queue_too(entry: Entry) -> None:
    feed = Feed(entry)
    feed.offer("big", b"b" * 100_000)
    feed.push()
    for n in range(RING - 1):
        feed.offer(f"w{n}", b"x")
    with pytest.raises(Refused, match="busy"):
        feed.offer("one more", b"x")
    again = Feed(entry)
    got = b""
    while again.pending():
        got += os.read(entry.fds["reader"], 200_000)
        again.push()
    got += os.read(entry.fds["reader"], 200_000)
    assert got == b"b" * 100_000 + b"x" * (RING - 1)
    entry.close()
