"""A session's life: messages in every state, deaths, stops, and what late events may not do."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import events
from core.control import records, sessions
from core.control.work import Work
from core.errors import BadInput, NotRunning
from core.model import Launch, Policy, QuestionItem, Session, SessionId
from core.ports import Verb
from core.states import (
    ApprovalExecution,
    ApprovalState,
    DecisionKind,
    ErrorKind,
    Lifecycle,
    NoticeKind,
    PermissionMode,
    PlanApproval,
    Status,
    Strategy,
    WorktreeState,
)
from tests.core.control.scene import (
    ANN,
    BEGUN,
    BOB,
    CHAT,
    CLOSED,
    CRASH,
    DONE,
    LOST,
    PLAN,
    STARTED,
    Scene,
    scene,
)

QUESTION = events.QuestionRequested("q1", (QuestionItem("a", "What?"),))
PERMISSION = events.PermissionRequested("p1", "c", "Bash", "execute", "make test")
AUTH = events.TurnFinished("failed", "", events.AgentError(ErrorKind.AUTH, "401 no key"))
OUTCOMES = {NoticeKind.COMPLETED, NoticeKind.FAILED, NoticeKind.STOPPED, NoticeKind.SUSPENDED}


def stop(work: Work, session: Session) -> Session:
    return sessions.stop(work, session, ANN)


async def outcomes(play: Scene) -> list[NoticeKind]:
    return [n.kind for n in await play.notices() if n.kind in OUTCOMES]


# ---- a message, in every state ----------------------------------------------------------------------


async def test_a_message_to_a_starting_session_follows_its_launch(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        await play.say("and tests")
        assert [o.verb for o in await play.orders()] == [Verb.LAUNCH, Verb.PROMPT]


async def test_a_message_to_a_running_session_steers_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.say("and tests")
        assert (await play.order(Verb.PROMPT)).body["text"] == "and tests"
        assert (await play.session()).epoch == 1


async def test_the_same_message_twice_is_two_prompts(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.say("go on")
        await play.say("go on")
        assert len({o.body["id"] for o in await play.orders(Verb.PROMPT)}) == 2


async def test_a_message_under_a_permission_card_steers_and_leaves_the_card(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(PERMISSION)
        await play.say("allow")
        assert (await play.order(Verb.PROMPT)).body["text"] == "allow"
        assert await play.orders(Verb.PERMISSION) == []
        assert len(await play.pending(DecisionKind.PERMISSION)) == 1


@pytest.mark.parametrize("end", [CRASH, LOST])
async def test_a_message_after_a_death_under_a_permission_card_resumes(
    tmp_path: Path, end: events.SessionEnded
) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(PERMISSION, end)
        assert await outcomes(play) == []
        await play.say("go on without it")
        assert await play.prompt() == "go on without it"
        assert (await play.data(NoticeKind.PERMISSION))["closed"] == "superseded"


@pytest.mark.parametrize("end", [CRASH, LOST])
async def test_a_permission_decided_after_a_death_resumes(tmp_path: Path, end: events.SessionEnded) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(PERMISSION, end)
        await play.press(await play.decision(DecisionKind.PERMISSION), "allow")
        assert "(make test) was allowed" in await play.prompt()


async def test_a_message_to_a_completed_session_resumes_it_and_its_branch_buttons_die(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.complete()
        branch = await play.decision(DecisionKind.WORKTREE)
        await play.press(branch, "discard")
        await play.say("and tests")
        assert await play.pending() == []
        assert (await play.data(NoticeKind.BRANCH))["closed"] == "superseded"
        assert (await play.data(NoticeKind.CONFIRM_DISCARD))["closed"] == "superseded"
        session = await play.session()
        assert (session.state.worktree, session.epoch) == (WorktreeState.PROVISIONED, 2)
        await play.tell(CLOSED, epoch=1)
        await play.tell(*BEGUN)
        await play.complete()
        assert await play.decision(DecisionKind.WORKTREE) != branch
        assert len(await play.notices(NoticeKind.COMPLETED)) == 2


@pytest.mark.parametrize("told", [[AUTH, CLOSED], [CRASH], [LOST]])
async def test_a_message_to_a_dead_session_resumes_it(tmp_path: Path, told: list[events.Event]) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(*told)
        await play.say("try again")
        launch = await play.order(Verb.LAUNCH)
        assert (launch.body["epoch"], launch.body["resume"]) == (2, True)
        assert await play.prompt() == "try again"
        session = await play.session()
        assert (session.state.status, session.error, session.alive) == (Status.STARTING, None, False)


async def test_a_message_to_a_stopped_session_resumes_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.plan()
        await play.on(stop)
        await play.tell(CLOSED)
        await play.say("approve")  # nothing is pending any more: these are ordinary words
        assert await play.prompt() == "approve"
        assert not (await play.order(Verb.LAUNCH)).body["approved"]


async def test_a_session_that_a_reboot_took_while_it_started_is_resumed(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        await play.tell(LOST)
        assert (await play.session()).state.lifecycle is Lifecycle.SUSPENDED
        await play.say("go on")
        assert (await play.order(Verb.LAUNCH)).body["epoch"] == 2


async def test_after_a_rejected_plan_a_message_resumes_in_plan_mode(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.press(await play.plan(), "reject")
        await play.tell(CLOSED, events.WorktreeRemoved(removed=True))
        await play.say("do it in another way")
        launch = await play.order(Verb.LAUNCH)
        assert (launch.body["approved"], launch.body["mode"]) == (False, PermissionMode.PLAN)
        state = (await play.session()).state
        assert state.approval is ApprovalState.NOT_REQUIRED
        assert state.execution is ApprovalExecution.AWAITING_PLAN_OUTPUT
        await play.tell(*BEGUN, events.PlanRequested("r2", "# v2"))
        state = (await play.session()).state
        assert (state.plan_version, state.worktree) == (2, WorktreeState.PROVISIONED)


async def test_an_approved_plan_stays_approved_for_follow_ups(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.press(await play.plan(), "approve")
        await play.complete()
        await play.say("and tests")
        assert (await play.order(Verb.LAUNCH)).body["approved"]


async def test_an_empty_message_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        with pytest.raises(BadInput):
            await play.say(" \n")
        assert await play.orders(Verb.PROMPT) == []


# ---- deaths -----------------------------------------------------------------------------------------


async def test_an_agent_that_does_not_start_gives_one_failure_with_what_it_wrote(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        await play.tell(STARTED, events.SessionEnded(1, None, expected=False, tail="Please log in"))
        await play.tell(events.CommandFailed("launch:1:1", Verb.LAUNCH, "error-not-running"))
        assert await outcomes(play) == [NoticeKind.FAILED]
        assert (await play.data(NoticeKind.FAILED))["message"] == "exit code 1\nPlease log in"


async def test_the_end_tells_why_an_agent_died_while_it_was_given_its_prompt(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        await play.tell(STARTED, events.CommandFailed("launch:1:1", Verb.LAUNCH, "error-not-running"))
        await play.tell(events.SessionEnded(1, None, expected=False, tail="Please log in"))
        assert await outcomes(play) == [NoticeKind.FAILED]
        assert "Please log in" in (await play.data(NoticeKind.FAILED))["message"]


async def test_a_failed_turn_and_the_end_of_its_process_are_one_failure(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(AUTH, CRASH)
        assert await outcomes(play) == [NoticeKind.FAILED]
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
        assert await outcomes(play) == [NoticeKind.SUSPENDED]
        await play.tell(LOST)
        assert len(await play.notices(NoticeKind.SUSPENDED)) == 1


async def test_a_reboot_while_a_plan_is_pending_leaves_its_buttons(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        decision = await play.plan()
        await play.tell(LOST)
        assert await outcomes(play) == []
        await play.press(decision, "revise")
        await play.say("smaller")
        assert (await play.prompt()).endswith("smaller")
        assert not (await play.order(Verb.LAUNCH)).body["approved"]


async def test_a_reboot_while_feedback_is_awaited_leaves_it_awaited(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.press(await play.plan(), "revise")
        await play.tell(LOST)
        assert await outcomes(play) == []
        await play.say("smaller")
        assert (await play.prompt()).endswith("smaller")


async def test_a_reboot_while_a_question_is_pending_leaves_it_answerable(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(QUESTION, LOST)
        assert await outcomes(play) == []
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
        assert await outcomes(play) == []


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


# ---- stops ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [[], [PLAN], [QUESTION], [PERMISSION], [DONE], [LOST]])
async def test_a_stop_ends_everything_once(tmp_path: Path, told: list[events.Event]) -> None:
    async with scene(tmp_path) as play:
        await play.begin(PermissionMode.PLAN)
        await play.tell(*told)
        await play.on(stop)
        with pytest.raises(NotRunning):
            await play.on(stop)
        await play.tell(CLOSED)
        session = await play.session()
        assert (session.state.status, session.state.lifecycle) == (Status.KILLED, Lifecycle.TERMINAL)
        assert await play.pending() == []
        assert len(await play.notices(NoticeKind.STOPPED)) == 1
        assert all(n.data.get("closed") for n in await play.notices() if "decision" in n.data)


async def test_a_session_stopped_while_it_starts_stays_stopped(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        await play.on(stop)
        await play.tell(*BEGUN, events.ToolStarted("t", "Read", "read", "a.py"), PLAN, QUESTION, PERMISSION)
        await play.tell(DONE, AUTH, CLOSED)
        session = await play.session()
        assert (session.state.status, session.alive) == (Status.KILLED, False)
        assert await outcomes(play) == [NoticeKind.STOPPED]
        assert await play.pending() == []
        assert await play.notices(NoticeKind.PROGRESS) == []


async def test_a_launch_that_fails_after_the_stop_is_no_second_outcome(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        await play.on(stop)
        await play.tell(events.CommandFailed("launch:1:1", Verb.LAUNCH, "error-agent-missing"))
        assert await outcomes(play) == [NoticeKind.STOPPED]


async def test_a_completed_session_cannot_be_stopped(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.complete()
        with pytest.raises(NotRunning):
            await play.on(stop)
        assert (await play.session()).state.lifecycle is Lifecycle.AWAITING_WORKTREE_DECISION


# ---- progress ---------------------------------------------------------------------------------------


async def test_a_turn_has_one_progress_card_with_its_last_steps(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        for number in range(9):
            await play.tell(events.ToolStarted(f"t{number}", "Read", "read", f"{number}.py"))
        [card] = await play.notices(NoticeKind.PROGRESS)
        assert (card.data["steps"], card.data["count"]) == (["5.py", "6.py", "7.py", "8.py"], 9)
        assert (await play.session()).activity == "8.py"
        await play.complete()
        [card] = await play.notices(NoticeKind.PROGRESS)
        assert card.data["final"]


async def test_each_stretch_of_work_has_its_own_card_below_the_decision(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.press(await play.plan(), "approve")
        await play.tell(QUESTION)
        await play.say("forty-two")
        await play.complete()
        kinds = [n.kind for n in await play.notices()]
        assert kinds == [
            NoticeKind.STARTED,
            NoticeKind.PROGRESS,
            NoticeKind.PLAN,
            NoticeKind.APPROVED,
            NoticeKind.PROGRESS,
            NoticeKind.QUESTION,
            NoticeKind.PROGRESS,
            NoticeKind.COMPLETED,
            NoticeKind.BRANCH,
        ]
        assert all(n.data["final"] for n in await play.notices(NoticeKind.PROGRESS))


async def test_a_card_that_shows_nothing_new_is_not_revised(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        before = await play.notice(NoticeKind.PROGRESS)
        await play.tell(events.TurnStarted(), events.Used(1, 1, 1), events.Message("text"))
        assert (await play.notice(NoticeKind.PROGRESS)).rev == before.rev


# ---- idempotence ------------------------------------------------------------------------------------

HISTORY: list[events.Event] = [
    *BEGUN,
    events.ToolStarted("t", "Read", "read", "a.py"),
    events.Used(1, 2, 3, 0.5),
    QUESTION,
    PERMISSION,
    events.RequestResolved("p1"),
    PLAN,
    events.RequestResolved("r1"),
    events.InputAccepted("x"),
    DONE,
    events.WorktreeInspected(events.Changes(commits=1, files=1, tip="t")),
    CLOSED,
    events.WorktreeLanded("conflict", "main", files=("a.py",)),
    events.WorktreeRemoved(removed=True, backup="refs/b"),
    events.CommandFailed("x", Verb.KILL, "error-x"),
]


@pytest.mark.parametrize("number", range(len(HISTORY)))
async def test_a_record_applied_twice_changes_nothing(tmp_path: Path, number: int) -> None:
    async with scene(tmp_path) as play:
        await play.launch(PermissionMode.PLAN)
        await play.tell(*HISTORY[: number + 1])

        async def everything() -> object:
            session = await play.session()
            return (
                session.state,
                session.spend,
                session.turn,
                session.applied_seq,
                await play.notices(),
                await play.pending(),
                [order.id for order in await play.orders()],
            )

        before = await everything()
        await play.repeat(HISTORY[number])
        assert await everything() == before


async def test_records_of_a_session_that_does_not_exist_are_refused(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        record = records.Record(SessionId(9), 1, 1, 0, STARTED)
        with pytest.raises(Exception, match="no session 9"):
            await play.do(lambda work: records.apply(work, record))


async def test_sessions_of_the_same_name_get_a_suffix(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        policy = Policy("demo", PermissionMode.DEFAULT, PlanApproval.ASK, Strategy.ASK)
        wish = Launch("app", "fix: the bug", policy, BOB, CHAT)
        names = [(await play.do(lambda work: sessions.launch(work, wish))).name for _ in range(3)]
        assert names == ["fix", "fix-2", "fix-3"]


@pytest.mark.parametrize("task", ["", " \n "])
async def test_a_session_without_a_task_is_refused(tmp_path: Path, task: str) -> None:
    async with scene(tmp_path) as play:
        policy = Policy("demo", PermissionMode.DEFAULT, PlanApproval.ASK, Strategy.ASK)
        with pytest.raises(BadInput):
            await play.do(lambda work: sessions.launch(work, Launch("app", task, policy, ANN, CHAT)))
