"""Buttons: bound to chat and message, taken once, dead when out of date, deaf to verbs they never had."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from core import events
from core.control import decisions, plans, sessions, worktrees
from core.errors import BadInput, DecisionStale, DecisionTaken, LeadhandError, NothingChosen, NothingPending
from core.model import Launch, Option, Policy, QuestionItem, SessionId
from core.states import DecisionKind, NoticeKind, PermissionMode, PlanApproval, Strategy
from tests.core.control.scene import ANN, BOB, CHAT, PLAN, Scene, scene

OPTIONS = (Option("Red"), Option("Blue"))
ONE = events.QuestionRequested("q1", (QuestionItem("a", "Which?", options=OPTIONS),))
MANY = events.QuestionRequested("q1", (QuestionItem("a", "Which?", options=OPTIONS, multi=True),))
PERMISSION = events.PermissionRequested("p1", "c", "Bash", "execute", "make test")
DAY = 24 * 3600 * 1000
GOOD = {
    DecisionKind.PLAN: "approve",
    DecisionKind.QUESTION: "o1",
    DecisionKind.PERMISSION: "allow",
    DecisionKind.WORKTREE: "merge",
    DecisionKind.DISCARD: "yes",
}
OTHER = {
    DecisionKind.PLAN: "reject",
    DecisionKind.QUESTION: "o0",
    DecisionKind.PERMISSION: "deny",
    DecisionKind.WORKTREE: "merge",
    DecisionKind.DISCARD: "no",
}
KINDS = pytest.mark.parametrize("kind", list(DecisionKind))


async def waiting(play: Scene, kind: DecisionKind) -> str:
    """Bring the session to a decision of this kind; returns its id."""
    await play.begin(PermissionMode.PLAN if kind is DecisionKind.PLAN else PermissionMode.DEFAULT)
    match kind:
        case DecisionKind.PLAN:
            await play.tell(PLAN)
        case DecisionKind.QUESTION:
            await play.tell(ONE)
        case DecisionKind.PERMISSION:
            await play.tell(PERMISSION)
        case DecisionKind.WORKTREE:
            await play.complete()
        case DecisionKind.DISCARD:
            await play.complete()
            await play.press(await play.decision(DecisionKind.WORKTREE), "discard")
    return await play.decision(kind)


async def everything(play: Scene) -> object:
    """Return all a press could change."""
    orders = [order.id for order in await play.orders()]
    return await play.session(), await play.notices(), await play.pending(), orders


async def refused(play: Scene, error: type[LeadhandError], decision: str, verb: str, **more: int) -> None:
    """Press, be refused, and see nothing changed."""
    before = await everything(play)
    with pytest.raises(error):
        await play.press(decision, verb, **more)  # type: ignore[arg-type]
    assert await everything(play) == before


@KINDS
async def test_the_first_of_two_presses_wins_and_the_other_is_told(
    tmp_path: Path, kind: DecisionKind
) -> None:
    async with scene(tmp_path) as play:
        decision = await waiting(play, kind)
        results = await asyncio.gather(
            play.press(decision, GOOD[kind], ANN),
            play.press(decision, OTHER[kind], BOB),
            play.press(decision, GOOD[kind], BOB),
            return_exceptions=True,
        )
        assert results[0] is None
        assert all(isinstance(result, DecisionTaken) for result in results[1:])
        assert "by Ann" in str(results[1])
        audited = await play.read(lambda tx: tx.journal.audited(50))
        assert [e.user for e in audited if e.verb.startswith(f"{kind}.")].count(ANN) == 1
        assert BOB not in [entry.user for entry in audited]


@KINDS
@pytest.mark.parametrize(
    "verb", ["", "o99", "o-1", "oX", "o", "t-1", "tX", "x0", "o00", "maybe", "done", "take"]
)
async def test_a_verb_the_card_never_had_changes_nothing(
    tmp_path: Path, kind: DecisionKind, verb: str
) -> None:
    async with scene(tmp_path) as play:
        await refused(play, BadInput, await waiting(play, kind), verb)


@KINDS
async def test_a_verb_of_another_card_changes_nothing(tmp_path: Path, kind: DecisionKind) -> None:
    async with scene(tmp_path) as play:
        decision = await waiting(play, kind)
        for other in set(DecisionKind) - {kind}:
            await refused(play, BadInput, decision, GOOD[other])


@pytest.mark.parametrize("verb", ["o0", "t2", "t-1", "t", "done"])
async def test_a_question_with_several_answers_takes_only_its_own_buttons(tmp_path: Path, verb: str) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(MANY)
        why = NothingChosen if verb == "done" else BadInput
        await refused(play, why, await play.decision(DecisionKind.QUESTION), verb)


@KINDS
async def test_a_button_in_another_chat_or_under_another_message_is_refused(
    tmp_path: Path, kind: DecisionKind
) -> None:
    async with scene(tmp_path) as play:
        decision = await waiting(play, kind)
        await refused(play, DecisionStale, "x" * 22, GOOD[kind])
        with pytest.raises(DecisionStale):
            await play.do(lambda w: decisions.press(w, decision, GOOD[kind], ANN, CHAT + 1, 1))  # type: ignore[arg-type]
        [row] = await play.pending(kind)
        await play.do(lambda w: w.tx.decisions.save(replace(row, message=7)))
        await refused(play, DecisionStale, decision, GOOD[kind], message=8)
        await play.press(decision, GOOD[kind], message=7)


@KINDS
async def test_a_button_that_is_too_old_is_refused(tmp_path: Path, kind: DecisionKind) -> None:
    async with scene(tmp_path) as play:
        decision = await waiting(play, kind)
        play.now += 31 * DAY
        await refused(play, DecisionStale, decision, GOOD[kind])


@KINDS
async def test_what_waited_too_long_for_its_button_is_decided_by_a_command(
    tmp_path: Path, kind: DecisionKind
) -> None:
    rules = {
        DecisionKind.PLAN: lambda w, s: plans.decide(w, s, "approve", ANN),
        DecisionKind.QUESTION: lambda w, s: decisions.say(w, s, "Blue", ANN),
        DecisionKind.PERMISSION: lambda w, s: decisions.permission(w, s, "allow", ANN),
        DecisionKind.WORKTREE: lambda w, s: worktrees.decide(w, s, "merge", ANN),
        DecisionKind.DISCARD: lambda w, s: decisions.discard(w, s, "yes", ANN),
    }
    async with scene(tmp_path) as play:
        await waiting(play, kind)
        play.now += 31 * DAY
        await play.on(rules[kind])
        assert await play.pending() == []
        assert all(n.data.get("closed") for n in await play.notices() if "decision" in n.data)


async def test_a_decision_whose_buttons_were_too_old_has_new_ones(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        decision = await done_long_ago(play)
        await play.on(lambda w, s: worktrees.decide(w, s, "later", ANN))
        fresh = await play.decision(DecisionKind.WORKTREE)
        assert fresh != decision
        assert (await play.data(NoticeKind.BRANCH))["decision"] == fresh
        await play.press(fresh, "merge")


async def done_long_ago(play: Scene) -> str:
    """Bring the session to a question about its branch that nobody answered for a month."""
    decision = await waiting(play, DecisionKind.WORKTREE)
    play.now += 31 * DAY
    return decision


@KINDS
async def test_a_button_of_a_session_that_was_stopped_or_goes_on_is_refused(
    tmp_path: Path, kind: DecisionKind
) -> None:
    async with scene(tmp_path) as play:
        decision = await waiting(play, kind)
        if kind in {DecisionKind.WORKTREE, DecisionKind.DISCARD}:
            await play.say("go on")
        else:
            await play.on(lambda w, s: sessions.stop(w, s, ANN))
        await refused(play, DecisionStale, decision, GOOD[kind])


async def test_a_button_decides_its_own_session_only(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        first = await play.plan()
        policy = Policy("demo", PermissionMode.PLAN, PlanApproval.ASK, Strategy.ASK, "main")
        await play.do(lambda w: sessions.launch(w, Launch("app", "other: task", policy, BOB, CHAT)))
        one, play.id, play.seq = play.id, SessionId(2), 0
        await play.tell(events.ProcessStarted("s2-1", 1), events.TurnStarted(), PLAN)
        await play.press(await play.decision(DecisionKind.PLAN), "reject")
        play.id = one
        assert await play.decision(DecisionKind.PLAN) == first
        assert (await play.session()).alive


async def test_the_button_of_an_older_plan_is_dead_when_the_agent_submits_a_new_one(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        first = await play.plan()
        await play.tell(events.PlanRequested("r2", "# v2", tree="base"))
        await refused(play, DecisionStale, first, "approve")
        cards = await play.notices(NoticeKind.PLAN)
        assert [card.data.get("closed") for card in cards] == ["superseded", None]
        await play.press(await play.decision(DecisionKind.PLAN), "approve")
        assert (await play.data(NoticeKind.APPROVED))["version"] == 2


async def test_a_new_plan_ends_the_wait_for_feedback_on_the_old_one(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.press(await play.plan(), "revise")
        await play.tell(events.PlanRequested("r2", "# v2", tree="base"))
        assert await play.read(lambda tx: tx.routes.expected(CHAT, None, ANN)) is None
        await play.say("smaller")  # feedback on what is pending now
        assert (await play.data(NoticeKind.PLAN))["closed"] == "revise"


@pytest.mark.parametrize("verb", ["merge", "Approve", "", "o0"])
async def test_a_command_with_an_unknown_verb_changes_nothing(tmp_path: Path, verb: str) -> None:
    async with scene(tmp_path) as play:
        await play.plan()
        before = await everything(play)
        with pytest.raises(BadInput):
            await play.on(lambda w, s: plans.decide(w, s, verb, ANN))
        with pytest.raises(BadInput if verb != "merge" else NothingPending):
            await play.on(lambda w, s: worktrees.decide(w, s, verb, ANN))
        assert await everything(play) == before


async def test_commands_where_nothing_waits_are_refused(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        for rule in (
            lambda w, s: plans.decide(w, s, "approve", ANN),
            lambda w, s: plans.give_feedback(w, s, "x", ANN),
            lambda w, s: decisions.permission(w, s, "allow", ANN),
            lambda w, s: decisions.discard(w, s, "yes", ANN),
            lambda w, s: worktrees.decide(w, s, "merge", ANN),
        ):
            with pytest.raises(NothingPending):
                await play.on(rule)
