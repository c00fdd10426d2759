"""One session on a host: orders carried out once, events told once, whatever ends in between."""

from __future__ import annotations

import asyncio
import errno
import json
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core import events
from core.host import session as host_session
from core.host.journal import Journal
from core.host.keeper import Keeper
from core.host.settings import HostAgent
from core.ports import Verb
from tests.core.host.stage import ONE, Scene, agent, launch, order, scene_in
from tests.core.keeper.harness import alive, until


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene_in(tmp_path) as scene:
        yield scene


def python(code: str) -> HostAgent:
    """An agent that is not the demo: a few lines of Python."""
    return HostAgent("claude", (sys.executable, "-S", "-u", "-c", code))


def journal_of(scene: Scene) -> Path:
    return scene.home / "host" / "1.jsonl"


def without_line(scene: Scene, start: str) -> None:
    """Forget a line of the journal, as a kill just before it would."""
    lines = journal_of(scene).read_text().splitlines(keepends=True)
    left = [line for line in lines if not line.startswith(start)]
    assert len(left) < len(lines)
    journal_of(scene).write_text("".join(left))


async def test_a_task_goes_from_launch_to_merge(scene: Scene) -> None:
    scene.link.order(launch())
    plan = await scene.see(events.PlanRequested)
    assert plan.tree == (await scene.see(events.WorktreeCreated)).base_tree
    scene.link.order(
        order(Verb.PLAN, request=plan.request, verdict="approve", feedback="", epoch=1, version=1)
    )
    question = await scene.see(events.QuestionRequested)
    answers = {question.items[0].id: ["JSON"]}
    scene.link.order(order(Verb.ANSWER, request=question.request, answers=answers))
    await scene.see(events.TurnFinished)
    scene.link.order(order(Verb.INSPECT, title="task-1", epoch=1), order(Verb.CLOSE, epoch=1))
    measured = await scene.see(events.WorktreeInspected)
    assert measured.changes.files == 2
    assert (await scene.see(events.SessionEnded)).expected
    scene.link.order(order(Verb.LAND, name="task-1", task="Add a JSON output format"))
    assert (await scene.see(events.WorktreeLanded)).outcome == "merged"
    scene.link.order(order(Verb.REMOVE, only_clean=True))
    assert (await scene.see(events.WorktreeRemoved)).removed
    assert scene.gapless()


async def test_a_launch_that_was_not_noted_as_done_is_found_again_and_tells_nothing_twice(
    scene: Scene,
) -> None:
    scene.link.order(launch())
    plan = await scene.see(events.PlanRequested)
    pid = (await scene.see(events.ProcessStarted)).pid
    await scene.end()
    without_line(scene, '{"done":"launch:1:1"}')
    await scene.begin()
    scene.link.order(launch())
    await scene.until(lambda: scene.link.finished.count("launch:1:1") == 2)
    body = {"request": plan.request, "verdict": "approve", "feedback": "", "epoch": 1, "version": 1}
    scene.link.order(order(Verb.PLAN, **body))
    await scene.see(events.QuestionRequested)
    await asyncio.sleep(0.3)
    assert len(scene.of(events.PlanRequested)) == 1
    assert len(scene.of(events.QuestionRequested)) == 1
    assert [event.pid for event in scene.of(events.ProcessStarted)] == [pid]
    assert scene.gapless()


async def test_a_launch_whose_process_has_ended_meanwhile_does_not_start_it_again(scene: Scene) -> None:
    scene.agents["demo"] = python("raise SystemExit('no model today')")
    scene.link.order(launch())
    ended = await scene.see(events.SessionEnded)
    assert ended.exit_code == 1
    assert "no model today" in ended.tail
    before = len(scene.link.told)
    await scene.until(lambda: scene.link.finished == ["launch:1:1"])
    await scene.end()
    await scene.begin()
    scene.link.order(launch())
    await scene.until(lambda: scene.link.finished.count("launch:1:1") == 2)
    assert len(scene.link.told) <= before + 1  # the prompt that could not be written any more


async def test_a_full_disk_holds_up_a_session_and_loses_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, full = Journal._write, True

    def no_space(self: Journal, line: Any) -> None:
        if full and scene.of(events.ProcessStarted):
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, line)

    monkeypatch.setattr(Journal, "_write", no_space)
    scene.link.order(launch())
    await scene.see(events.ProcessStarted)
    await asyncio.sleep(0.5)
    assert not scene.of(events.PlanRequested)
    full = False
    await scene.see(events.PlanRequested)
    assert scene.gapless()


async def test_a_launch_on_a_full_disk_is_refused_with_that_reason(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(self: Journal, epoch: int, order: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Journal, "launched", no_space)
    scene.link.order(launch())
    refused = await scene.see(events.CommandFailed)
    assert refused.error == "error-disk-full"


async def test_records_are_offered_until_control_takes_them(scene: Scene) -> None:
    scene.link.refusing = RuntimeError("the store is broken")
    scene.link.order(launch())
    await asyncio.sleep(0.5)
    scene.link.refusing = None
    await scene.see(events.PlanRequested)
    assert scene.gapless()


async def test_records_nobody_confirmed_are_offered_after_a_restart(scene: Scene) -> None:
    scene.link.refusing = RuntimeError("control is gone")
    scene.link.order(launch())
    await until(journal_of(scene).exists)
    await until(lambda: b'"request.plan"' in journal_of(scene).read_bytes())
    await scene.end()
    scene.link.refusing = None
    await scene.begin()
    await scene.see(events.PlanRequested)
    assert scene.gapless()


async def test_an_agent_without_a_keeper_has_ended_and_the_next_keeper_serves_the_next_launch(
    scene: Scene,
) -> None:
    scene.link.order(launch())
    await scene.see(events.PlanRequested)
    await scene.house.keeper.stop(force=True, grace_s=0.5)
    assert not (await scene.see(events.SessionEnded)).expected
    scene.link.order(order(Verb.PROMPT, text="go on", id="p1"))
    refused = await scene.see(events.CommandFailed)
    assert refused.error == "error-not-running"
    scene.link.order(launch(2, "go on", resume=True))
    await scene.see(events.PlanRequested, count=2)
    assert scene.gapless()
    guest = await Keeper.connect(scene.home, start=False)
    assert [run.run for run in await guest.list() if run.state == "running"] == ["s1-2"]
    await guest.close()


async def test_a_launch_with_a_keeper_that_ended_before_it_starts_the_next_keeper(scene: Scene) -> None:
    await scene.house.keeper.stop(force=True)
    scene.link.order(launch())
    await scene.see(events.PlanRequested)


async def test_a_stop_during_the_launch_keeps_the_agent_from_starting(scene: Scene) -> None:
    scene.link.order(launch(), order(Verb.KILL, "kill:1"))
    await scene.until(lambda: scene.link.finished == ["launch:1:1", "kill:1"])
    assert not scene.of(events.ProcessStarted)
    assert await scene.house.keeper.list() == []
    scene.link.order(launch(2))
    await scene.see(events.PlanRequested)


async def test_a_stop_does_not_wait_for_an_agent_that_does_not_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_session, "KILL_PATIENCE_S", 0.2)
    scene.agents["demo"] = python("import time; time.sleep(600)")
    scene.link.order(launch(text="x" * 500_000))
    started = await scene.see(events.ProcessStarted)
    await asyncio.sleep(0.2)
    assert scene.link.finished == []
    scene.link.order(order(Verb.KILL, "kill:1"))
    assert (await scene.see(events.SessionEnded)).expected
    assert not alive(started.pid)
    await scene.until(lambda: scene.link.finished == ["launch:1:1", "kill:1"])


async def test_a_line_beyond_reason_ends_the_agent_and_says_why(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.host.keeper.FRAME_LIMIT", 100_000)
    scene.agents["demo"] = python("import time; print('x' * 300_000, end=''); time.sleep(600)")
    scene.link.order(launch())
    started = await scene.see(events.ProcessStarted)
    ended = await scene.see(events.SessionEnded)
    assert "without an end of line" in ended.tail
    assert not alive(started.pid)


async def test_a_prompt_for_an_agent_that_dies_is_refused_as_not_running(scene: Scene) -> None:
    scene.link.order(launch())
    await scene.see(events.PlanRequested)
    await scene.house.keeper.signal("s1-1", signal.SIGKILL)
    scene.link.order(order(Verb.PROMPT, "prompt:1", text="more", id="p1"))
    await scene.see(events.SessionEnded)
    scene.link.order(order(Verb.PROMPT, "prompt:2", text="more", id="p2"))
    await scene.see(events.CommandFailed, lambda e: e.command == "prompt:2")
    assert {event.error for event in scene.of(events.CommandFailed)} == {"error-not-running"}


async def test_a_close_before_a_restart_is_finished_after_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.link.order(launch(text="x"))
    await scene.see(events.PlanRequested)
    await scene.end()
    with journal_of(scene).open("a") as file:
        file.write(json.dumps({"expect_end": 1}) + "\n")
    await scene.begin()
    assert (await scene.see(events.SessionEnded)).expected


async def test_an_agent_that_is_not_configured_any_more_is_ended_and_that_is_told(scene: Scene) -> None:
    scene.link.order(launch())
    await scene.see(events.PlanRequested)
    pid = (await scene.see(events.ProcessStarted)).pid
    await scene.end()
    del scene.agents["demo"]
    await scene.begin()
    ended = await scene.see(events.SessionEnded)
    assert "demo" in ended.tail
    assert not alive(pid)


async def test_a_plan_comes_though_its_tree_cannot_be_measured(scene: Scene) -> None:
    scene.link.order(launch())
    plan = await scene.see(events.PlanRequested)
    path = Path((await scene.see(events.WorktreeCreated)).path)
    (path / ".git").rename(path / "gone")
    body = {"request": plan.request, "feedback": "again", "epoch": 1, "version": 1}
    scene.link.order(order(Verb.PLAN, verdict="revise", **body))
    again = await scene.see(events.PlanRequested, count=2)
    assert again.tree == ""
    assert not scene.of(events.CommandFailed)


async def test_an_old_launch_does_not_replace_a_newer_process(scene: Scene) -> None:
    scene.link.order(launch(2))
    await scene.see(events.PlanRequested)
    scene.link.order(replace(launch(1), id="launch:late"))
    await scene.until(lambda: "launch:late" in scene.link.finished)
    assert len(scene.of(events.ProcessStarted)) == 1
    assert [run.state for run in await scene.house.keeper.list()] == ["running"]


async def test_a_missing_agent_is_named(scene: Scene) -> None:
    scene.agents["demo"] = replace(agent(), command=("/nowhere/agent",))
    scene.link.order(launch())
    refused = await scene.see(events.CommandFailed)
    assert (refused.error, dict(refused.fields)["command"]) == ("error-agent-missing", "/nowhere/agent")
    assert refused.command == launch().id
    assert launch().session == ONE
