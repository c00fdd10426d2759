"""All sessions of a machine: what is finished costs nothing, what is open is found again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core import events
from core.host.journal import Journal
from core.model import SessionId
from core.ports import Verb
from tests.core.host.stage import Scene, launch, order, scene_in


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene_in(tmp_path) as scene:
        yield scene


def open_journals() -> int:
    links = [fd for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()]
    return sum("/host/" in str(fd.readlink()) for fd in links if fd.exists())


def finished(scene: Scene, number: int) -> None:
    """A journal of a session that has ended, every record of it confirmed."""
    journal = Journal(scene.home / "host" / f"{number}.jsonl", SessionId(number))
    journal.launched(1, launch().body)
    journal.append([events.ProcessStarted("s", 1), events.SessionEnded(0, None, expected=True)], 10)
    journal.done("launch:1")
    journal.ack(2)
    journal.close()


async def test_2000_finished_sessions_cost_no_descriptor_and_later_starts_do_not_read_them(
    scene: Scene,
) -> None:
    await scene.end()
    for number in range(1, 2001):
        finished(scene, number)
    await scene.begin()
    assert open_journals() == 0
    await scene.end()
    before = time.perf_counter()
    await scene.begin()
    assert time.perf_counter() - before < 1.0
    assert open_journals() == 0
    assert list((scene.home / "host").glob("*.jsonl")) == []


async def test_a_session_that_was_put_aside_goes_on_with_the_next_order(scene: Scene) -> None:
    scene.link.order(launch())
    await scene.see(events.PlanRequested)
    scene.link.order(order(Verb.KILL, "kill:1"))
    await scene.see(events.SessionEnded)
    aside = scene.home / "host" / "settled" / "1.jsonl"
    await scene.until(aside.exists)
    assert open_journals() == 0
    last = scene.link.last(SessionId(1))
    scene.link.order(launch(1), launch(2, "more", resume=True))
    await scene.see(events.PlanRequested, count=2)
    assert scene.gapless()
    assert scene.link.last(SessionId(1)) > last
    assert len(scene.of(events.ProcessStarted)) == 2


async def test_sessions_do_not_wait_for_each_other(scene: Scene) -> None:
    scene.link.order(*(launch(session=SessionId(n)) for n in range(1, 4)))
    await scene.see(events.PlanRequested, count=3)


async def test_closing_while_sessions_run_leaves_everything_to_go_on_with(scene: Scene) -> None:
    scene.link.order(launch())
    await asyncio.sleep(0.15)  # somewhere in the launch
    await scene.end()
    assert not [task for task in asyncio.all_tasks() if "host" in repr(task.get_coro())]
    await scene.begin()
    scene.link.order(launch())
    await scene.see(events.PlanRequested)
    await asyncio.sleep(0.2)
    assert len(scene.of(events.PlanRequested)) == 1
    assert scene.gapless()


async def test_a_journal_that_cannot_be_read_does_not_stop_the_others(scene: Scene) -> None:
    await scene.end()
    (scene.home / "host" / "7.jsonl").mkdir(parents=True)
    await scene.begin()
    scene.link.order(order(Verb.PROMPT, "p:7", SessionId(7), text="x", id="x"), launch())
    await scene.see(events.PlanRequested)


async def test_agents_get_no_variable_that_is_not_on_the_list(scene: Scene) -> None:
    scene.link.order(launch())
    pid = (await scene.see(events.ProcessStarted)).pid
    names = {pair.partition(b"=")[0] for pair in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")}
    assert not [name for name in names if b"TELEGRAM" in name]
    assert b"LEADHAND_RUN" in names
