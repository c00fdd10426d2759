"""Branches: what is asked when the work is done, how a merge went, and what discarding takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import events
from core.control import decisions, sessions, worktrees
from core.errors import DecisionStale, NothingPending
from core.model import Changes, Worktree
from core.ports import Verb
from core.states import (
    ApprovalExecution,
    DecisionKind,
    Lifecycle,
    NoticeKind,
    PermissionMode,
    Status,
    Strategy,
    WorktreeState,
)
from tests.core.control.scene import ANN, BEGUN, BOB, CHANGED, CLOSED, CRASH, DONE, STARTED, Scene, scene

LINES = {NoticeKind.COMPLETED, NoticeKind.MERGED, NoticeKind.WARNING, NoticeKind.STOPPED, NoticeKind.FAILED}
REMOVED = events.WorktreeRemoved(removed=True, backup="refs/leadhand/backup/1")
KEPT = events.WorktreeRemoved(removed=False, reasons=("uncommitted changes", "stash"))


def landed(outcome: str, **more: object) -> events.WorktreeLanded:
    return events.WorktreeLanded(outcome, "main", "old", "new", **more)  # type: ignore[arg-type]


async def done(play: Scene, strategy: Strategy = Strategy.ASK) -> str:
    """Bring a session to the question about its branch; returns the decision's id."""
    await play.begin(strategy=strategy)
    await play.complete()
    await play.tell(CLOSED)
    return await play.decision(DecisionKind.WORKTREE)


async def merging(play: Scene) -> None:
    await play.press(await done(play), "merge")


async def lines(play: Scene) -> list[NoticeKind]:
    return [n.kind for n in await play.notices() if n.kind in LINES]


async def worktree(play: Scene) -> Worktree:
    row = await play.read(lambda tx: tx.worktrees.get(play.id))
    assert row is not None
    return row


# ---- the end of the work ----------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", [Strategy.ASK, Strategy.DELEGATE, Strategy.AUTO_MERGE, Strategy.AUTO_PR])
async def test_a_changed_branch_is_asked_about(tmp_path: Path, strategy: Strategy) -> None:
    async with scene(tmp_path) as play:
        await done(play, strategy)
        session = await play.session()
        assert session.state.worktree is WorktreeState.PENDING_DECISION
        assert session.state.lifecycle is Lifecycle.AWAITING_WORKTREE_DECISION
        assert await lines(play) == [NoticeKind.COMPLETED]
        assert (await play.data(NoticeKind.BRANCH))["changes"]["files"] == 3
        assert (await worktree(play)).changes == CHANGED


@pytest.mark.parametrize(
    ("strategy", "state"), [(Strategy.MANUAL, WorktreeState.PROVISIONED), (Strategy.OFF, WorktreeState.NONE)]
)
async def test_no_question_where_the_strategy_asks_none(
    tmp_path: Path, strategy: Strategy, state: WorktreeState
) -> None:
    async with scene(tmp_path) as play:
        await play.launch(PermissionMode.DEFAULT, strategy=strategy)
        told = BEGUN if strategy is Strategy.MANUAL else BEGUN[1:]
        await play.tell(*told)
        await play.complete()
        session = await play.session()
        assert (session.state.worktree, session.state.lifecycle) == (state, Lifecycle.TERMINAL)
        assert await play.pending() == []
        assert await lines(play) == [NoticeKind.COMPLETED]


async def test_a_branch_without_commits_is_no_question(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.complete(Changes())
        session = await play.session()
        assert (session.state.worktree, session.state.status) == (WorktreeState.NO_CHANGE, Status.COMPLETED)
        assert await play.pending() == []


async def test_changes_without_an_approved_plan_are_reported(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin(PermissionMode.PLAN)
        await play.complete()
        assert (await play.data(NoticeKind.COMPLETED))["early"]
        execution = (await play.session()).state.execution
        assert execution is ApprovalExecution.IMPLEMENTED_WITHOUT_REQUIRED_APPROVAL


async def test_a_measure_nobody_ordered_completes_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(events.WorktreeInspected(CHANGED))
        assert (await play.session()).state.status is Status.RUNNING


# ---- merging ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "state"), [("merged", WorktreeState.MERGED), ("already", WorktreeState.RELEASED)]
)
async def test_a_merge_that_landed_is_one_line_and_the_worktree_goes(
    tmp_path: Path, outcome: str, state: WorktreeState
) -> None:
    async with scene(tmp_path) as play:
        await merging(play)
        assert (await play.data(NoticeKind.BRANCH))["closed"] == "merging"
        await play.tell(landed(outcome))
        session = await play.session()
        assert (session.state.worktree, session.state.lifecycle) == (state, Lifecycle.TERMINAL)
        assert await lines(play) == [NoticeKind.COMPLETED, NoticeKind.MERGED]
        assert (await play.data(NoticeKind.BRANCH))["closed"] == "merge"
        assert (await worktree(play)).merged == "new"
        assert (await play.order(Verb.REMOVE)).body["only_clean"]
        await play.tell(REMOVED)
        assert (await play.session()).state.worktree is state
        assert (await worktree(play)).backup == REMOVED.backup


async def test_a_branch_with_nothing_to_merge_says_so_on_its_card(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await merging(play)
        await play.tell(landed("nothing"))
        assert (await play.session()).state.worktree is WorktreeState.NO_CHANGE
        assert (await play.data(NoticeKind.BRANCH))["closed"] == "nothing"
        assert await lines(play) == [NoticeKind.COMPLETED]
        assert await play.pending() == []


@pytest.mark.parametrize("outcome", ["conflict", "blocked", "moved"])
async def test_a_merge_that_did_not_land_is_one_warning_and_a_new_question(
    tmp_path: Path, outcome: str
) -> None:
    async with scene(tmp_path) as play:
        await merging(play)
        await play.tell(landed(outcome, files=("a.py", "b.py"), reason="why"))
        assert await lines(play) == [NoticeKind.COMPLETED, NoticeKind.WARNING]
        warning = await play.data(NoticeKind.WARNING)
        assert (warning["error"], warning["fields"]["files"]) == (f"merge-{outcome}", "a.py\nb.py")
        old, new = await play.notices(NoticeKind.BRANCH)
        assert (old.data["closed"], new.data.get("closed")) == ("failed", None)
        assert new.data["decision"] == await play.decision(DecisionKind.WORKTREE)
        await play.press(new.data["decision"], "merge")
        await play.tell(landed("merged"))
        assert await lines(play) == [NoticeKind.COMPLETED, NoticeKind.WARNING, NoticeKind.MERGED]
        assert len(await play.orders(Verb.LAND)) == 2


async def test_a_merge_the_host_could_not_even_try_is_asked_again(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await merging(play)
        await play.lose(await play.order(Verb.LAND), "error-worktree-failed")
        assert (await play.data(NoticeKind.WARNING))["error"] == "error-worktree-failed"
        assert [n.data.get("closed") for n in await play.notices(NoticeKind.BRANCH)] == ["failed", None]
        assert len(await play.pending(DecisionKind.WORKTREE)) == 1


async def test_a_follow_up_after_a_conflict_resumes_and_asks_again_at_the_end(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await merging(play)
        await play.tell(landed("conflict", files=("a.py",)))
        await play.say("resolve the conflict")
        assert await play.pending() == []
        await play.tell(*BEGUN)
        await play.complete()
        assert len(await play.pending(DecisionKind.WORKTREE)) == 1
        closed = [n.data.get("closed") for n in await play.notices(NoticeKind.BRANCH)]
        assert closed == ["failed", "superseded", None]


async def test_a_merge_that_lands_while_the_agent_works_again_takes_nothing_from_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await merging(play)
        await play.say("and the docs")
        await play.tell(landed("merged"), epoch=1)
        assert await lines(play) == [NoticeKind.COMPLETED, NoticeKind.MERGED]
        assert await play.orders(Verb.REMOVE) == []
        await play.tell(*BEGUN)
        assert (await play.session()).state.worktree is WorktreeState.PROVISIONED
        await play.complete()
        assert len(await play.pending(DecisionKind.WORKTREE)) == 1


async def test_a_conflict_told_while_the_agent_works_again_asks_nothing_yet(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await merging(play)
        await play.say("and the docs")
        await play.tell(landed("conflict", files=("a.py",)), epoch=1)
        assert await play.pending() == []
        assert (await play.session()).state.lifecycle is Lifecycle.STARTING


async def test_an_outcome_nobody_waits_for_changes_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        decision = await done(play)
        await play.tell(landed("conflict"), landed("merged"), REMOVED, KEPT)
        assert await play.decision(DecisionKind.WORKTREE) == decision
        assert (await play.session()).state.worktree is WorktreeState.PENDING_DECISION
        assert await lines(play) == [NoticeKind.COMPLETED]


async def test_later_leaves_the_buttons(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        decision = await done(play)
        await play.press(decision, "later")
        rev = (await play.notice(NoticeKind.BRANCH)).rev
        await play.press(decision, "later", BOB)
        card = await play.notice(NoticeKind.BRANCH)
        assert (card.data["later"], card.data.get("closed"), card.rev) == (True, None, rev)
        await play.press(decision, "merge")
        assert len(await play.orders(Verb.LAND)) == 1


# ---- discarding -------------------------------------------------------------------------------------


async def test_discarding_is_confirmed_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        decision = await done(play)
        await play.press(decision, "discard")
        await play.press(decision, "discard", BOB)
        assert len(await play.notices(NoticeKind.CONFIRM_DISCARD)) == 1
        await play.press(await play.decision(DecisionKind.DISCARD), "yes")
        order = await play.order(Verb.REMOVE)
        assert not order.body["only_clean"]
        assert (await play.data(NoticeKind.BRANCH))["closed"] == "discard"
        await play.tell(REMOVED)
        session = await play.session()
        assert (session.state.worktree, session.state.lifecycle) == (
            WorktreeState.DISMISSED,
            Lifecycle.TERMINAL,
        )
        assert await lines(play) == [NoticeKind.COMPLETED, NoticeKind.STOPPED]
        assert (await play.data(NoticeKind.STOPPED))["backup"] == REMOVED.backup


async def test_no_keeps_the_branch_and_discard_asks_anew(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        decision = await done(play)
        await play.press(decision, "discard")
        first = await play.decision(DecisionKind.DISCARD)
        await play.press(first, "no")
        assert (await play.data(NoticeKind.CONFIRM_DISCARD))["closed"] == "no"
        assert await play.decision(DecisionKind.WORKTREE) == decision
        await play.press(decision, "discard")
        assert await play.decision(DecisionKind.DISCARD) != first
        await play.on(lambda w, s: decisions.discard(w, s, "yes", BOB))
        assert len(await play.orders(Verb.REMOVE)) == 1


async def test_yes_after_a_merge_is_refused_and_its_card_is_dead(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        decision = await done(play)
        await play.press(decision, "discard")
        confirm = await play.decision(DecisionKind.DISCARD)
        await play.press(decision, "merge")
        assert (await play.data(NoticeKind.CONFIRM_DISCARD))["closed"] == "superseded"
        with pytest.raises(DecisionStale):
            await play.press(confirm, "yes")
        with pytest.raises(NothingPending):
            await play.on(lambda w, s: worktrees.decide(w, s, "discard", ANN))
        assert await play.orders(Verb.REMOVE) == []


async def test_a_discard_that_keeps_the_worktree_says_why_and_can_be_tried_again(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.press(await done(play), "discard")
        await play.press(await play.decision(DecisionKind.DISCARD), "yes")
        await play.tell(KEPT)
        warning = await play.data(NoticeKind.WARNING)
        assert (warning["error"], warning["fields"]["reasons"]) == (
            "discard-failed",
            "uncommitted changes\nstash",
        )
        assert (await play.session()).state.worktree is WorktreeState.CLEANUP_FAILED
        await play.on(lambda w, s: worktrees.decide(w, s, "discard", ANN))
        assert (await play.session()).state.worktree is WorktreeState.PENDING_DECISION
        assert len(await play.pending(DecisionKind.DISCARD)) == 1


async def test_a_discard_the_host_could_not_carry_out_says_why(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.press(await done(play), "discard")
        await play.press(await play.decision(DecisionKind.DISCARD), "yes")
        await play.lose(await play.order(Verb.REMOVE), "error-worktree-failed")
        assert (await play.data(NoticeKind.WARNING))["error"] == "error-worktree-failed"
        assert (await play.session()).state.worktree is WorktreeState.CLEANUP_FAILED


async def test_a_worktree_kept_after_a_merge_stays_merged_and_the_reasons_are_audited(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await merging(play)
        await play.tell(landed("merged"), KEPT)
        assert (await play.session()).state.worktree is WorktreeState.MERGED
        [entry] = [e for e in await play.read(lambda tx: tx.journal.audited(9)) if e.verb == "worktree.kept"]
        assert "stash" in entry.detail


# ---- branches nobody was asked about ----------------------------------------------------------------


async def test_a_branch_kept_by_hand_can_be_merged_by_command(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin(strategy=Strategy.MANUAL)
        await play.complete()
        await play.on(lambda w, s: worktrees.decide(w, s, "merge", ANN))
        assert (await play.data(NoticeKind.BRANCH))["closed"] == "merging"
        await play.tell(landed("merged"))
        assert (await play.session()).state.worktree is WorktreeState.MERGED


async def test_a_running_session_is_never_merged(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await done(play)
        await play.say("more")
        for told in ([], [STARTED], [DONE]):
            await play.tell(*told)
            with pytest.raises(NothingPending):
                await play.on(lambda w, s: worktrees.decide(w, s, "merge", ANN))


async def test_what_was_measured_before_a_failure_can_still_be_merged(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await done(play)
        await play.say("more")
        await play.tell(*BEGUN, CRASH)
        await play.on(lambda w, s: worktrees.decide(w, s, "merge", ANN))
        assert len(await play.orders(Verb.LAND)) == 1


async def test_a_branch_without_commits_cannot_be_merged(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.on(lambda w, s: sessions.stop(w, s, ANN))
        with pytest.raises(NothingPending):
            await play.on(lambda w, s: worktrees.decide(w, s, "merge", ANN))
