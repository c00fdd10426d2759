"""What a person said reaches an agent, also when the agent dies between the decision and its delivery."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import events
from core.control import orders, plans, sessions
from core.model import Option, QuestionItem
from core.ports import Verb
from core.states import ApprovalState, DecisionKind, Lifecycle, NoticeKind, PermissionMode, Status
from tests.core.control.scene import (
    ANN,
    BEGUN,
    CHANGED,
    CLOSED,
    CRASH,
    LOST,
    NOT_RUNNING,
    PLAN,
    STARTED,
    Scene,
    scene,
)

QUESTION = events.QuestionRequested(
    "q1", (QuestionItem("a", "Which?", options=(Option("Red"), Option("Blue"))),)
)
PERMISSION = events.PermissionRequested("p1", "c", "Bash", "execute", "make test")


async def test_an_approval_the_agent_did_not_live_to_see_resumes_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.press(await play.plan(), "approve")
        await play.lose(await play.order(Verb.PLAN))
        launch = await play.order(Verb.LAUNCH)
        assert (launch.body["epoch"], launch.body["approved"], launch.body["resume"]) == (2, True, True)
        assert "was approved" in await play.prompt()
        assert "# Do it" in await play.prompt()


async def test_feedback_the_agent_did_not_live_to_see_resumes_it_in_plan_mode(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.press(await play.plan(), "revise")
        await play.say("add tests")
        await play.lose(await play.order(Verb.PLAN))
        assert not (await play.order(Verb.LAUNCH)).body["approved"]
        assert (await play.prompt()).endswith("add tests")
        assert (await play.session()).state.approval is ApprovalState.CHANGES_REQUESTED


async def test_answers_and_permissions_are_told_to_the_next_process(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(QUESTION, PERMISSION)
        await play.press(await play.decision(DecisionKind.QUESTION), "o1")
        await play.press(await play.decision(DecisionKind.PERMISSION), "deny")
        await play.say("and hurry")
        lost = [await play.order(verb) for verb in (Verb.ANSWER, Verb.PERMISSION, Verb.PROMPT)]
        await play.tell(CRASH)
        for order in lost:
            await play.lose(order, epoch=1)
        assert (await play.session()).epoch == 2
        assert len(await play.orders(Verb.LAUNCH)) == 1
        told = await play.prompt()
        assert "Which?\n→ Blue" in told
        assert "(make test) was denied" in told
        assert told.endswith("and hurry")
        assert await play.notices(NoticeKind.FAILED) == []
        assert await play.notices(NoticeKind.WARNING) == []


async def test_several_failures_in_a_row_lead_to_one_resume_with_all_texts(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        for text in ("one", "two", "three"):
            await play.say(text)
        for order in await play.orders(Verb.PROMPT):
            await play.lose(order, epoch=1)
        assert [o.body["epoch"] for o in await play.orders(Verb.LAUNCH)] == [2]
        assert await play.prompt() == "one\n\ntwo\n\nthree"


async def test_a_prompt_the_agent_took_is_not_told_again(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.say("one")
        await play.say("two")
        first = (await play.orders(Verb.PROMPT))[0]
        await play.tell(events.InputAccepted(first.body["id"]), CRASH)
        assert await play.prompt() == "two"


async def test_an_answer_the_agent_took_is_not_told_again(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(QUESTION)
        await play.press(await play.decision(DecisionKind.QUESTION), "o1")
        await play.tell(events.RequestResolved("q1", "user"), CRASH)
        assert await play.orders(Verb.LAUNCH) == []
        assert (await play.session()).state.status is Status.FAILED


async def test_whoever_stops_a_session_takes_back_what_it_was_to_be_told(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.say("more")
        order = await play.order(Verb.PROMPT)
        await play.on(lambda w, s: sessions.stop(w, s, ANN))
        await play.lose(order)
        await play.tell(CLOSED)
        assert (await play.session()).state.status is Status.KILLED
        assert await play.orders(Verb.LAUNCH) == []
        assert await play.notices(NoticeKind.WARNING) == []
        await play.say("go on")
        assert await play.prompt() == "go on"


async def test_a_session_stopped_before_it_began_is_started_anew_with_its_task(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        await play.say("and the docs")
        await play.on(lambda w, s: sessions.stop(w, s, ANN))
        await play.say("go on")
        assert await play.prompt() == "the bug\n\ngo on"
        assert not (await play.order(Verb.LAUNCH)).body["resume"]


async def test_another_error_is_told_and_the_words_go_with_the_next_start(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.say("more")
        await play.lose(await play.order(Verb.PROMPT), "error-keeper-down")
        assert (await play.data(NoticeKind.WARNING))["error"] == "error-keeper-down"
        await play.tell(LOST)
        assert await play.prompt() == "more"


async def test_a_running_agent_that_does_not_know_the_request_is_told_as_a_prompt(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(QUESTION)
        await play.press(await play.decision(DecisionKind.QUESTION), "o0")
        await play.lose(await play.order(Verb.ANSWER))
        assert "Which?\n→ Red" in (await play.order(Verb.PROMPT)).body["text"]
        assert (await play.session()).epoch == 1


@pytest.mark.parametrize("end", [CRASH, LOST])
async def test_an_agent_that_never_began_is_not_started_again_by_itself(
    tmp_path: Path, end: events.SessionEnded
) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        await play.tell(STARTED)
        await play.say("and tests")
        await play.tell(end)
        await play.lose(await play.order(Verb.PROMPT))
        assert (await play.session()).epoch == 1
        await play.say("try again")
        launch = await play.order(Verb.LAUNCH)
        assert (launch.body["epoch"], launch.body["resume"]) == (2, False)
        assert await play.prompt() == "the bug\n\nand tests\n\ntry again"


async def test_a_launch_that_failed_is_repeated_with_its_task(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        launch = await play.order(Verb.LAUNCH)
        await play.do(lambda work: orders.confirm(work, launch.id))
        await play.tell(
            events.CommandFailed(launch.id, Verb.LAUNCH, "error-agent-missing", (("agent", "x"),))
        )
        assert (await play.data(NoticeKind.FAILED))["error"] == "error-agent-missing"
        await play.say("again")
        assert await play.prompt() == "the bug\n\nagain"
        assert not (await play.order(Verb.LAUNCH)).body["resume"]
        await play.tell(*BEGUN, CRASH)
        await play.say("once more")
        assert (await play.prompt(), (await play.order(Verb.LAUNCH)).body["resume"]) == ("once more", True)


async def test_a_launch_that_failed_after_a_newer_one_changes_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(CRASH)
        await play.say("again")
        await play.tell(events.CommandFailed("launch:1:1", Verb.LAUNCH, "error-x"))
        assert (await play.session()).state.status is Status.STARTING


async def test_an_approved_resume_that_fails_keeps_the_approval(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        decision = await play.plan()
        await play.tell(LOST)
        await play.press(decision, "approve")
        await play.tell(events.CommandFailed("launch:1:2", Verb.LAUNCH, "error-agent-missing"))
        await play.say("go")
        assert "was approved" in await play.prompt()
        assert (await play.order(Verb.LAUNCH)).body["approved"]


async def test_words_that_came_too_late_for_a_completed_session_resume_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.say("also the docs")
        await play.complete(CHANGED)
        assert (await play.session()).state.status is Status.COMPLETED
        await play.tell(CLOSED)
        assert await play.prompt() == "also the docs"
        assert await play.pending(DecisionKind.WORKTREE) == []


async def test_a_follow_up_while_the_branch_is_measured_goes_on_with_the_work(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(events.TurnFinished("completed", "Done."))
        await play.say("also the docs")
        await play.tell(events.WorktreeInspected(CHANGED))
        assert (await play.session()).state.status is Status.RUNNING
        assert await play.orders(Verb.CLOSE) == []
        await play.tell(events.TurnStarted())
        await play.complete()
        assert len(await play.notices(NoticeKind.COMPLETED)) == 1
        assert len(await play.orders(Verb.INSPECT)) == 2


async def test_a_turn_that_begins_while_the_branch_is_measured_is_waited_for(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.say("steer")
        await play.tell(events.TurnFinished("completed"), events.TurnStarted())
        await play.tell(events.WorktreeInspected(CHANGED))
        assert await play.notices(NoticeKind.COMPLETED) == []
        await play.complete()
        assert len(await play.notices(NoticeKind.COMPLETED)) == 1


async def test_what_is_asked_while_the_branch_is_measured_is_not_completed_over(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin(PermissionMode.PLAN)
        await play.tell(events.TurnFinished("completed"), PLAN, events.WorktreeInspected(CHANGED))
        assert (await play.session()).state.approval is ApprovalState.PENDING
        assert await play.notices(NoticeKind.COMPLETED) == []


async def test_an_agent_that_ends_by_itself_after_its_turn_is_no_failure(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(
            events.TurnFinished("completed", "Done."), events.SessionEnded(0, None, expected=False)
        )
        await play.tell(events.WorktreeInspected(CHANGED))
        assert (await play.session()).state.status is Status.COMPLETED
        assert await play.notices(NoticeKind.FAILED) == []


async def test_a_branch_that_cannot_be_measured_ends_the_session_with_the_reason(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(events.TurnFinished("completed", "Done."))
        await play.lose(await play.order(Verb.INSPECT), "error-worktree-failed")
        assert (await play.data(NoticeKind.FAILED))["error"] == "error-worktree-failed"
        assert (await play.session()).state.status is Status.FAILED


@pytest.mark.parametrize("verb", [Verb.KILL, Verb.CLOSE, Verb.INTERRUPT])
async def test_ending_what_is_gone_is_no_news(tmp_path: Path, verb: Verb) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(events.CommandFailed("x", verb, NOT_RUNNING))
        assert await play.notices(NoticeKind.WARNING) == []
        await play.tell(events.CommandFailed("x", verb, "error-keeper-down"))
        assert len(await play.notices(NoticeKind.WARNING)) == 1


async def test_a_permission_policy_gave_is_not_told_to_a_dead_agent(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin(PermissionMode.BYPASS)
        await play.tell(PERMISSION)
        order = await play.order(Verb.PERMISSION)
        await play.tell(CRASH)
        await play.lose(order, epoch=1)
        assert (await play.session()).state.status is Status.FAILED
        assert await play.orders(Verb.LAUNCH) == []


async def test_a_plan_of_a_dead_turn_resumes_with_its_decision(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        decision = await play.plan()
        await play.tell(events.TurnFinished("failed"))
        assert (await play.session()).state.lifecycle is Lifecycle.AWAITING_PLAN_DECISION
        assert [order.verb for order in await play.orders()] == [Verb.CLOSE]
        await play.press(decision, "approve")
        assert "was approved" in await play.prompt()
        await play.tell(CLOSED, epoch=1)
        assert (await play.session()).state.status is Status.STARTING


async def test_feedback_is_given_to_the_plan_that_was_sent_back_only(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.press(await play.plan(), "revise")
        await play.say("add tests")
        await play.tell(PERMISSION)
        assert not await play.on(plans.awaits_feedback)
        await play.say("go faster")
        assert (await play.order(Verb.PROMPT)).body["text"] == "go faster"
        assert len(await play.orders(Verb.PLAN)) == 1


async def test_what_an_agent_asks_meanwhile_does_not_swallow_the_feedback(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.press(await play.plan(), "revise")
        await play.tell(events.TurnStarted(), events.ToolStarted("t", "Read", "read", "a.py"))
        await play.say("add tests")
        assert (await play.order(Verb.PLAN)).body["feedback"] == "add tests"


async def words_of(play: Scene) -> list[str]:
    """Return what the table of orders still knows of a session's words."""
    kept = await play.read(lambda tx: tx.commands.kept(play.id))
    return [str(order.body) for order in kept]


async def test_nothing_is_kept_once_the_agent_has_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.say("secret words")
        order = await play.order(Verb.PROMPT)
        await play.do(lambda work: orders.confirm(work, order.id))
        assert "secret words" in str(await words_of(play))
        await play.tell(events.InputAccepted(order.body["id"]))
        assert await words_of(play) == []
