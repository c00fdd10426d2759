"""Agents that die: one outcome each, and what waits for a person goes on waiting."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import events
from core.control import sessions
from core.control.work import Work
from core.model import Session
from core.ports import Verb
from core.states import (
    DecisionKind,
    ErrorKind,
    Lifecycle,
    NoticeKind,
    Status,
)
from tests.core.control.scene import (
    ANN,
    AUTH,
    CLOSED,
    CRASH,
    DONE,
    LOST,
    PERMISSION,
    PLAN,
    QUESTION,
    STARTED,
    scene,
)


def stop(work: Work, session: Session) -> Session:
    return sessions.stop(work, session, ANN)


async def test_an_agent_that_does_not_start_gives_one_failure_with_what_it_wrote(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        await play.tell(STARTED, events.SessionEnded(1, None, expected=False, tail="Please log in"))
        await play.tell(events.CommandFailed("launch:1:1", Verb.LAUNCH, "error-not-running"))
        assert await play.outcomes() == [NoticeKind.FAILED]
        assert (await play.data(NoticeKind.FAILED))["message"] == "exit code 1\nPlease log in"


async def test_the_end_tells_why_an_agent_died_while_it_was_given_its_prompt(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        await play.tell(STARTED, events.CommandFailed("launch:1:1", Verb.LAUNCH, "error-not-running"))
        await play.tell(events.SessionEnded(1, None, expected=False, tail="Please log in"))
        assert await play.outcomes() == [NoticeKind.FAILED]
        assert "Please log in" in (await play.data(NoticeKind.FAILED))["message"]


async def test_a_failed_turn_and_the_end_of_its_process_are_one_failure(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(AUTH, CRASH)
        assert await play.outcomes() == [NoticeKind.FAILED]
        assert (await play.session()).error is ErrorKind.AUTH


async def test_a_long_tail_is_cut(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(events.SessionEnded(2, None, expected=False, tail="x" * 9000))
        assert len((await play.data(NoticeKind.FAILED))["message"]) == 1000


async def test_a_reboot_while_nothing_was_pending_suspends_the_session(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(LOST)
        session = await play.session()
        assert (session.state.lifecycle, session.alive) == (Lifecycle.SUSPENDED, False)
        assert await play.outcomes() == [NoticeKind.SUSPENDED]
        await play.tell(LOST)
        assert len(await play.notices(NoticeKind.SUSPENDED)) == 1


async def test_a_reboot_while_a_plan_is_pending_leaves_its_buttons(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        decision = await play.plan()
        await play.tell(LOST)
        assert await play.outcomes() == []
        await play.press(decision, "revise")
        await play.say("smaller")
        assert (await play.prompt()).endswith("smaller")
        assert not (await play.order(Verb.LAUNCH)).body["approved"]


async def test_a_reboot_while_feedback_is_awaited_leaves_it_awaited(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.press(await play.plan(), "revise")
        await play.tell(LOST)
        assert await play.outcomes() == []
        await play.say("smaller")
        assert (await play.prompt()).endswith("smaller")


async def test_a_reboot_while_a_question_is_pending_leaves_it_answerable(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(QUESTION, LOST)
        assert await play.outcomes() == []
        await play.say("forty-two")
        assert "What?\n→ forty-two" in await play.prompt()


@pytest.mark.parametrize(
    ("event", "kind"),
    [(PLAN, DecisionKind.PLAN), (QUESTION, DecisionKind.QUESTION), (PERMISSION, DecisionKind.PERMISSION)],
)
async def test_a_crash_leaves_what_waits_for_a_person(
    tmp_path: Path, event: events.Event, kind: DecisionKind
) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(event, CRASH)
        assert len(await play.pending(kind)) == 1
        assert await play.outcomes() == []


async def test_a_process_nobody_expected_to_end_suspends_what_was_running(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.complete()
        await play.tell(events.TurnStarted(), CLOSED)
        assert (await play.session()).state.lifecycle is Lifecycle.SUSPENDED


async def test_the_end_of_an_old_process_says_nothing_about_the_new_one(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.complete()
        await play.say("more")
        await play.tell(STARTED)
        for end in (CRASH, LOST, CLOSED):
            await play.tell(end, epoch=1)
        await play.tell(AUTH, PLAN, DONE, QUESTION, events.TurnStarted(), epoch=1)
        session = await play.session()
        assert (session.alive, session.state.status, session.epoch) == (True, Status.RUNNING, 2)
        assert await play.pending() == []
        assert session.applied_seq == play.seq


async def test_an_interrupted_turn_waits_for_what_comes_next(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(events.TurnFinished("interrupted"))
        session = await play.session()
        assert (session.state.status, session.state.lifecycle) == (
            Status.RUNNING,
            Lifecycle.AWAITING_USER_INPUT,
        )
        assert await play.orders(Verb.INSPECT) == []
        await play.say("rather so")
        await play.tell(events.TurnStarted())
        assert (await play.session()).state.lifecycle is Lifecycle.ACTIVE


async def test_cards_of_a_turn_that_is_over_die(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(QUESTION, PERMISSION, DONE)
        assert await play.pending() == []
        assert (await play.data(NoticeKind.QUESTION))["closed"] == "superseded"
        assert (await play.data(NoticeKind.PERMISSION))["closed"] == "superseded"
