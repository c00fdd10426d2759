"""Plans: versions, first decision wins, and what happens when the agent is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import events
from core.control import decisions, plans
from core.errors import DecisionStale, DecisionTaken, NothingPending
from core.ports import Verb
from core.states import ApprovalExecution, ApprovalState, Lifecycle, NoticeKind, Status
from tests.core.control.scene import ANN, BOB, CHAT, Scene, scene

PLAN = events.PlanRequested("r1", "# Do it", tree="base")
STARTED = events.ProcessStarted("s1-1", 42)
CREATED = events.WorktreeCreated("/w", "leadhand/fix", "main", "abc", "base")


async def planned(play: Scene) -> str:
    """Bring a session to its first plan; returns the decision's id."""
    await play.launch()
    await play.tell(CREATED, STARTED, events.TurnStarted(), PLAN)
    return str((await play.data(NoticeKind.PLAN))["decision"])


async def press(play: Scene, decision: str, verb: str, by: int = ANN) -> None:
    await play.do(lambda w: decisions.press(w, decision, verb, by, CHAT, 1))  # type: ignore[arg-type]


async def test_approve_answers_the_held_request_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        decision = await planned(play)
        await press(play, decision, "approve")
        [order] = await play.orders(Verb.PLAN)
        assert (order.body["request"], order.body["verdict"]) == ("r1", "approve")
        assert (await play.session()).state.execution is ApprovalExecution.APPROVED_THEN_IMPLEMENTED
        with pytest.raises(DecisionTaken, match="approve by Ann"):
            await press(play, decision, "approve", BOB)
        with pytest.raises(DecisionTaken):
            await press(play, decision, "reject", BOB)
        assert len(await play.orders(Verb.PLAN)) == 1
        assert await play.count(NoticeKind.APPROVED) == 1


async def test_revise_waits_for_feedback_and_the_next_plan_is_the_next_version(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        decision = await planned(play)
        await press(play, decision, "revise")
        assert (await play.data(NoticeKind.PLAN))["closed"] == "revise"
        assert await play.orders(Verb.PLAN) == []
        waiting = await play.read(lambda tx: tx.routes.expected(CHAT, None, ANN))
        assert waiting is not None
        assert await play.read(lambda tx: tx.routes.expected(CHAT, None, BOB)) is None
        await play.on(lambda w, s: plans.give_feedback(w, s, "add tests", ANN))
        [order] = await play.orders(Verb.PLAN)
        assert (order.body["verdict"], order.body["feedback"]) == ("revise", "add tests")
        await play.tell(events.RequestResolved("r1", "user", "base"), events.PlanRequested("r2", "# v2"))
        session = await play.session()
        assert (session.state.plan_version, session.state.approval) == (2, ApprovalState.PENDING)
        with pytest.raises(DecisionTaken):
            await press(play, decision, "approve")


async def test_feedback_is_taken_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await press(play, await planned(play), "revise")
        await play.on(lambda w, s: plans.give_feedback(w, s, "one", ANN))
        with pytest.raises(NothingPending):
            await play.on(lambda w, s: plans.give_feedback(w, s, "two", ANN))


async def test_reject_stops_the_session_and_removes_a_clean_worktree(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await press(play, await planned(play), "reject")
        verbs = [order.verb for order in await play.orders()]
        assert verbs == [Verb.PLAN, Verb.KILL, Verb.REMOVE]
        assert (await play.session()).state.status is Status.KILLED


async def test_a_plan_outlives_its_agent_and_approval_resumes_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        decision = await planned(play)
        await play.tell(events.SessionEnded(None, 9, expected=False))
        assert (await play.session()).state.lifecycle is Lifecycle.AWAITING_PLAN_DECISION
        await press(play, decision, "approve")
        launch = (await play.orders(Verb.LAUNCH))[-1]
        assert (launch.body["resume"], launch.body["approved"], launch.body["epoch"]) == (True, True, 2)
        assert "# Do it" in launch.body["prompts"][0]["text"]


async def test_a_forged_chat_or_message_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        decision = await planned(play)
        with pytest.raises(DecisionStale):
            await play.do(lambda w: decisions.press(w, decision, "approve", ANN, CHAT + 1, 1))  # type: ignore[arg-type]
        with pytest.raises(DecisionStale):
            await play.do(lambda w: decisions.press(w, "x" * 22, "approve", ANN, CHAT, 1))
        assert (await play.session()).state.approval is ApprovalState.PENDING


async def test_files_changed_before_the_approval_are_measured(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        await play.tell(CREATED, STARTED, events.PlanRequested("r1", "plan", tree="other"))
        session = await play.session()
        assert session.state.execution is ApprovalExecution.IMPLEMENTED_WITHOUT_REQUIRED_APPROVAL
        assert (await play.data(NoticeKind.PLAN))["early"]


async def test_a_tree_that_moved_while_the_plan_waited_is_measured(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await press(play, await planned(play), "approve")
        await play.tell(events.RequestResolved("r1", "user", tree="moved"))
        session = await play.session()
        assert session.state.execution is ApprovalExecution.IMPLEMENTED_WITHOUT_REQUIRED_APPROVAL


@pytest.mark.parametrize(
    ("word", "state"), [("Approve.", ApprovalState.APPROVED), ("reject", ApprovalState.REJECTED)]
)
async def test_plain_words_decide_a_plan(tmp_path: Path, word: str, state: ApprovalState) -> None:
    async with scene(tmp_path) as play:
        await planned(play)
        await play.on(lambda w, s: decisions.say(w, s, word, ANN))
        assert (await play.session()).state.approval is state


async def test_any_other_words_under_a_plan_are_feedback(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await planned(play)
        await play.on(lambda w, s: decisions.say(w, s, "approve of it but add tests", ANN))
        [order] = await play.orders(Verb.PLAN)
        assert order.body["verdict"] == "revise"


async def test_a_record_applied_twice_changes_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await planned(play)
        before = await play.session()
        await play.repeat(PLAN)
        after = await play.session()
        assert (before.state, before.applied_seq) == (after.state, after.applied_seq)


async def test_a_withdrawn_plan_loses_its_buttons(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        decision = await planned(play)
        await play.tell(events.RequestResolved("r1", "agent"))
        assert (await play.data(NoticeKind.PLAN))["closed"] == "superseded"
        with pytest.raises(DecisionStale):
            await press(play, decision, "approve")
