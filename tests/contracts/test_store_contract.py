"""What every store keeps to, whatever it is made of: transactions, sessions, requests, decisions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.model import (
    Millis,
    Option,
    Plan,
    Question,
    QuestionItem,
    Session,
    SessionId,
    Spend,
    State,
    User,
    UserId,
)
from core.ports import Store, Tx
from core.states import (
    ApprovalState,
    DecisionKind,
    DecisionState,
    ErrorKind,
    Hold,
    Lifecycle,
    Role,
    Status,
)
from tests.core.store import records
from tests.core.store.records import NOW, OWNER


def noting(seen: list[int], number: int) -> Callable[[Tx], None]:
    """A change that notes when it ran."""
    return lambda tx: seen.append(number)


# ---- transactions -------------------------------------------------------------------------------------


async def test_a_change_that_raises_leaves_no_trace_and_its_caller_hears_why(store: Store) -> None:
    def change(tx: Tx) -> None:
        tx.users.put(User(OWNER, "Ann", Role.OWNER))
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        await store.write(change)
    assert await store.read(lambda tx: tx.users.get(OWNER)) is None


async def test_a_failing_change_takes_nobody_along(store: Store) -> None:
    def change(number: int) -> Callable[[Tx], int]:
        def run(tx: Tx) -> int:
            tx.users.put(User(UserId(number), "x", Role.VIEWER))
            if number % 3 == 0:
                raise ZeroDivisionError(number)
            return number

        return run

    outcomes = await asyncio.gather(*(store.write(change(n)) for n in range(100)), return_exceptions=True)
    for number, outcome in enumerate(outcomes):
        if number % 3 == 0:
            assert isinstance(outcome, ZeroDivisionError)
            assert outcome.args == (number,)
        else:
            assert outcome == number
    stored = {user.id for user in await store.read(lambda tx: tx.users.all())}
    assert stored == {n for n in range(100) if n % 3}


async def test_changes_of_a_task_and_of_many_tasks_keep_their_order(store: Store) -> None:
    seen: list[int] = []
    await asyncio.gather(*(store.write(noting(seen, number)) for number in range(300)))
    assert seen == list(range(300))


async def test_counting_in_a_hundred_tasks_loses_no_step(store: Store) -> None:
    demo = await store.write(lambda tx: tx.sessions.add(records.session()))

    def step(tx: Tx) -> None:
        row = tx.sessions.get(demo.id)
        tx.sessions.save(replace(row, turn=row.turn + 1))

    async def task() -> None:
        for _ in range(10):
            await store.write(step)

    await asyncio.gather(*(task() for _ in range(100)))
    assert (await store.read(lambda tx: tx.sessions.get(demo.id))).turn == 1000


async def test_a_read_sees_what_was_written_before_and_writes_nothing(store: Store) -> None:
    await store.write(lambda tx: tx.users.put(User(OWNER, "Ann", Role.OWNER)))
    assert await store.read(lambda tx: tx.users.get(OWNER)) is not None
    with pytest.raises(Exception):  # noqa: B017, PT011 - which one is the implementation's own matter
        await store.read(lambda tx: tx.users.put(User(UserId(8), "Bob", Role.VIEWER)))
    assert await store.read(lambda tx: tx.users.get(UserId(8))) is None


async def test_a_query_that_raises_tells_its_caller(store: Store) -> None:
    with pytest.raises(KeyError):
        await store.read(lambda tx: tx.sessions.get(SessionId(404)))
    assert await store.read(lambda tx: tx.users.all()) == []


async def test_a_store_that_is_closed_refuses(store: Store) -> None:
    await store.close()
    await store.close()
    with pytest.raises(Exception, match="closed"):
        await store.write(lambda tx: None)
    with pytest.raises(Exception, match="closed"):
        await store.read(lambda tx: None)


async def test_closing_finishes_what_was_begun(store: Store) -> None:
    done: list[int] = []
    tasks = [asyncio.create_task(store.write(noting(done, number))) for number in range(500)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*tasks)
    assert len(done) == 500


# ---- sessions -----------------------------------------------------------------------------------------


async def test_a_session_comes_back_as_it_was_stored(store: Store) -> None:
    full = records.session(
        "full",
        state=State(status=Status.RUNNING, lifecycle=Lifecycle.ACTIVE, hold=Hold.BUDGET, plan_version=3),
        epoch=2,
        applied_seq=5,
        applied_offset=900,
        agent_session="abc",
        alive=True,
        turn=4,
        activity="reads 文件 \0 \n 'quoted' 🙂",
        result="done",
        error=ErrorKind.OVERLOADED,
        spend=Spend(1, 2, 3, 0.25),
        queued=("one", "two"),
    )
    stored = await store.write(lambda tx: tx.sessions.add(full))
    assert stored == replace(full, id=stored.id)
    assert await store.read(lambda tx: tx.sessions.get(stored.id)) == stored
    assert await store.read(lambda tx: tx.sessions.by_name("full")) == stored
    assert await store.read(lambda tx: tx.sessions.by_name("other")) is None


async def test_every_field_of_a_session_can_be_changed(store: Store, demo: Session) -> None:
    changed = replace(
        records.session("renamed", project="p2", task="t2", created_at=Millis(1), updated_at=Millis(2)),
        id=demo.id,
        host="far",
        policy=replace(demo.policy, base="dev"),
        state=replace(demo.state, approval=ApprovalState.APPROVED),
        queued=("x",),
    )
    await store.write(lambda tx: tx.sessions.save(changed))
    assert await store.read(lambda tx: tx.sessions.get(demo.id)) == changed


async def test_a_name_is_taken_once(store: Store, demo: Session) -> None:
    with pytest.raises(ValueError, match="demo"):
        await store.write(lambda tx: tx.sessions.add(records.session("demo")))
    other = await store.write(lambda tx: tx.sessions.add(records.session("other")))
    with pytest.raises(ValueError, match="demo"):
        await store.write(lambda tx: tx.sessions.save(replace(other, name=demo.name)))


async def test_a_session_that_does_not_exist_cannot_be_saved(store: Store) -> None:
    with pytest.raises(KeyError):
        await store.write(lambda tx: tx.sessions.save(replace(records.session(), id=SessionId(9))))


async def test_live_sessions_are_the_unfinished_ones_and_those_with_a_process(store: Store) -> None:
    def change(tx: Tx) -> None:
        for status in Status:
            for alive in (False, True):
                name = f"{status}-{alive}".lower()
                tx.sessions.add(records.session(name, state=State(status=status), alive=alive))

    await store.write(change)
    live = {row.name for row in await store.read(lambda tx: tx.sessions.live())}
    ended = {"completed-false", "failed-false", "killed-false"}
    assert live == {f"{s}-{a}".lower() for s in Status for a in (False, True)} - ended


async def test_recent_sessions_come_newest_first(store: Store) -> None:
    await store.write(lambda tx: [tx.sessions.add(records.session(name)) for name in ("a", "b", "c")])
    assert [row.name for row in await store.read(lambda tx: tx.sessions.recent(2))] == ["c", "b"]


async def test_names_are_found_by_their_beginning(store: Store) -> None:
    names = ("fix", "fix-2", "fix_x", "fi", "gix")
    await store.write(lambda tx: [tx.sessions.add(records.session(name)) for name in names])
    assert await store.read(lambda tx: tx.sessions.names_like("fix")) == {"fix", "fix-2", "fix_x"}
    assert await store.read(lambda tx: tx.sessions.names_like("fix_")) == {"fix_x"}
    assert len(await store.read(lambda tx: tx.sessions.names_like(""))) == 5


# ---- plans, questions, permissions --------------------------------------------------------------------


async def test_a_plan_version_is_replaced_and_found_by_its_request(store: Store, demo: Session) -> None:
    first = Plan(demo.id, 1, "r1", "text", ApprovalState.PENDING, "tree", NOW)
    await store.write(lambda tx: tx.plans.put(first))
    await store.write(lambda tx: tx.plans.put(replace(first, version=2, request="r2")))
    second = Plan(demo.id, 2, "r1", "other", ApprovalState.APPROVED, "tree2", Millis(NOW + 1))
    await store.write(lambda tx: tx.plans.put(second))
    assert await store.read(lambda tx: tx.plans.get(demo.id, 1)) == first
    assert await store.read(lambda tx: tx.plans.by_request(demo.id, "r1")) == second
    assert await store.read(lambda tx: tx.plans.by_request(demo.id, "r2")) is None
    assert await store.read(lambda tx: tx.plans.get(demo.id, 3)) is None


async def test_a_question_keeps_items_and_answers(store: Store, demo: Session) -> None:
    item = QuestionItem("i", "Which?", "head", (Option("A", "first"), Option("B")), multi=True, secret=True)
    asked = Question(0, demo.id, "r", (item, QuestionItem("j", "Why?")), {}, "pending", NOW)
    stored = await store.write(lambda tx: tx.requests.add_question(asked))
    assert await store.read(lambda tx: tx.requests.question(stored.id)) == stored
    answered = replace(stored, answers={"i": ["A", "B"], "j": ["因为"]}, state="answered")
    await store.write(lambda tx: tx.requests.save(answered))
    assert await store.read(lambda tx: tx.requests.by_request(demo.id, "r")) == answered
    assert list(answered.answers) == ["i", "j"]


async def test_what_a_session_waits_for_comes_oldest_first(store: Store, demo: Session) -> None:
    def change(tx: Tx) -> list[Any]:
        one = tx.requests.add_permission(records.permission(demo.id, "1"))
        two = tx.requests.add_question(records.question(demo.id, "2"))
        three = tx.requests.add_permission(records.permission(demo.id, "3"))
        tx.requests.save(replace(one, state="allowed"))
        return [two, three]

    pending = await store.write(change)
    assert await store.read(lambda tx: tx.requests.pending(demo.id)) == pending
    assert await store.read(lambda tx: tx.requests.pending(SessionId(99))) == []


async def test_a_question_is_no_permission(store: Store, demo: Session) -> None:
    asked = await store.write(lambda tx: tx.requests.add_question(records.question(demo.id)))
    assert await store.read(lambda tx: tx.requests.permission(asked.id)) is None
    assert await store.read(lambda tx: tx.requests.question(404)) is None


# ---- decisions ----------------------------------------------------------------------------------------


async def test_the_first_of_many_presses_wins(store: Store, demo: Session) -> None:
    await store.write(lambda tx: tx.decisions.add(records.decision(demo.id)))

    async def press(number: int) -> bool:
        return await store.write(lambda tx: tx.decisions.take("d1", f"verb{number}", UserId(number), NOW))

    assert await asyncio.gather(*(press(number) for number in range(50))) == [True] + [False] * 49
    taken = await store.read(lambda tx: tx.decisions.get("d1"))
    assert taken is not None
    assert (taken.state, taken.verb, taken.by, taken.taken_at) == (DecisionState.TAKEN, "verb0", 0, NOW)


async def test_a_decision_out_of_date_or_unknown_is_not_taken(store: Store, demo: Session) -> None:
    late = records.decision(demo.id, expires_at=NOW)
    await store.write(lambda tx: tx.decisions.add(late))
    assert not await store.write(lambda tx: tx.decisions.take("d1", "approve", OWNER, NOW))
    assert await store.write(lambda tx: tx.decisions.take("d1", "approve", OWNER, Millis(NOW - 1)))
    assert not await store.write(lambda tx: tx.decisions.take("nope", "approve", OWNER, NOW))


async def test_superseding_kills_the_pending_ones_of_these_kinds(store: Store, demo: Session) -> None:
    def change(tx: Tx) -> list[str]:
        for number, kind in enumerate((DecisionKind.PLAN, DecisionKind.QUESTION, DecisionKind.PLAN)):
            created = Millis(NOW - number)
            tx.decisions.add(records.decision(demo.id, f"d{number}", kind=kind, created_at=created))
        tx.decisions.add(records.decision(demo.id, "taken"))
        tx.decisions.take("taken", "approve", OWNER, NOW)
        dead = tx.decisions.supersede(demo.id, [DecisionKind.PLAN, DecisionKind.DISCARD])
        assert all(row.state is DecisionState.SUPERSEDED for row in dead)
        return [row.id for row in dead]

    assert await store.write(change) == ["d2", "d0"]
    assert [row.id for row in await store.read(lambda tx: tx.decisions.pending(demo.id))] == ["d1"]
    assert not await store.write(lambda tx: tx.decisions.take("d0", "approve", OWNER, NOW))
    assert await store.write(lambda tx: tx.decisions.supersede(demo.id, [])) == []


async def test_pending_decisions_come_newest_first_and_by_kind(store: Store, demo: Session) -> None:
    def change(tx: Tx) -> None:
        tx.decisions.add(records.decision(demo.id, "old", created_at=Millis(1)))
        tx.decisions.add(records.decision(demo.id, "new", created_at=Millis(2)))
        tx.decisions.add(records.decision(demo.id, "newer", created_at=Millis(2), kind=DecisionKind.WORKTREE))

    await store.write(change)
    pending = await store.read(lambda tx: [row.id for row in tx.decisions.pending(demo.id)])
    assert pending == ["newer", "new", "old"]
    plans = await store.read(lambda tx: tx.decisions.pending(demo.id, DecisionKind.PLAN))
    assert [row.id for row in plans] == ["new", "old"]


async def test_saving_an_old_copy_neither_takes_nor_revives_a_decision(store: Store, demo: Session) -> None:
    copy = records.decision(demo.id, draft=(1, 2), message=5)
    await store.write(lambda tx: tx.decisions.add(copy))
    await store.write(lambda tx: tx.decisions.save(replace(copy, state=DecisionState.TAKEN, message=6)))
    assert await store.read(lambda tx: tx.decisions.get("d1")) == replace(copy, message=6)
    await store.write(lambda tx: tx.decisions.take("d1", "approve", OWNER, NOW))
    await store.write(lambda tx: tx.decisions.save(replace(copy, draft=(3,))))
    await store.write(lambda tx: tx.decisions.save(replace(copy, state=DecisionState.SUPERSEDED)))
    taken = await store.read(lambda tx: tx.decisions.get("d1"))
    assert taken is not None
    assert taken.state is DecisionState.TAKEN


async def test_a_pending_decision_can_be_saved_as_superseded(store: Store, demo: Session) -> None:
    row = records.decision(demo.id)
    await store.write(lambda tx: tx.decisions.add(row))
    await store.write(lambda tx: tx.decisions.save(replace(row, state=DecisionState.SUPERSEDED)))
    assert not await store.write(lambda tx: tx.decisions.take("d1", "approve", OWNER, NOW))
