"""A session's life: stops, progress, and records that come twice or too late."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import events
from core.control import records, sessions
from core.control.work import Work
from core.errors import BadInput, NotRunning
from core.model import Changes, Launch, Policy, Session, SessionId
from core.ports import Record, Verb
from core.states import (
    Lifecycle,
    NoticeKind,
    PermissionMode,
    PlanApproval,
    Status,
    Strategy,
)
from tests.core.control.scene import (
    ANN,
    AUTH,
    BEGUN,
    BOB,
    CHAT,
    CLOSED,
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
        assert await play.outcomes() == [NoticeKind.STOPPED]
        assert await play.pending() == []
        assert await play.notices(NoticeKind.PROGRESS) == []


async def test_a_launch_that_fails_after_the_stop_is_no_second_outcome(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        await play.on(stop)
        await play.tell(events.CommandFailed("launch:1:1", Verb.LAUNCH, "error-agent-missing"))
        assert await play.outcomes() == [NoticeKind.STOPPED]


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
    events.WorktreeInspected(Changes(commits=1, files=1, tip="t")),
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
        record = Record(SessionId(9), 1, 1, 0, STARTED)
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
