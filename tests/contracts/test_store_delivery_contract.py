"""What every store keeps to, whatever it is made of: places, people, inbox, outbox, orders, journal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.events import (
    AgentError,
    Event,
    Message,
    PlanRequested,
    QuestionRequested,
    TurnFinished,
    WorktreeInspected,
)
from core.model import (
    AuditEntry,
    Changes,
    ChatId,
    Expectation,
    Millis,
    Notice,
    Option,
    QuestionItem,
    Route,
    Session,
    SessionId,
    User,
    UserId,
    Worktree,
)
from core.ports import Command, Record, Store, Tx, Verb
from core.states import (
    ErrorKind,
    NoticeKind,
    Priority,
    Role,
)
from tests.core.store import records
from tests.core.store.records import CHAT, NOW, OWNER


def put(tx: Tx, key: str = "k", **fields: Any) -> Notice:
    values: dict[str, Any] = {
        "kind": NoticeKind.PROGRESS,
        "chat": CHAT,
        "thread": None,
        "session": None,
        "data": {},
        "priority": Priority.CARD,
        "at": NOW,
    }
    return tx.outbox.put(key=key, **{**values, **fields})


# ---- worktrees, routes, people ------------------------------------------------------------------------


async def test_a_worktree_comes_back_as_it_was_put(store: Store, demo: Session) -> None:
    changes = Changes(1, 2, 3, 4, "tip", (("a.py", 1, 2), ("b", 3, 4)), ("one", "two"), ("c",))
    row = Worktree(demo.id, "/w/demo", "leadhand/demo", "main", "abc", "tree")
    await store.write(lambda tx: tx.worktrees.put(row))
    assert await store.read(lambda tx: tx.worktrees.get(demo.id)) == row
    row = replace(row, changes=changes, merged="def", backup="refs/x")
    await store.write(lambda tx: tx.worktrees.put(row))
    assert await store.read(lambda tx: tx.worktrees.get(demo.id)) == row
    assert await store.read(lambda tx: tx.worktrees.get(SessionId(9))) is None


async def test_a_topic_leads_to_its_session(store: Store, demo: Session) -> None:
    route = Route(demo.id, CHAT, None, topic_wanted=True)
    await store.write(lambda tx: tx.routes.put(route))
    assert await store.read(lambda tx: tx.routes.get(demo.id)) == route
    assert await store.read(lambda tx: tx.routes.by_topic(CHAT, 5)) is None
    await store.write(lambda tx: tx.routes.put(Route(demo.id, CHAT, 5)))
    assert await store.read(lambda tx: tx.routes.by_topic(CHAT, 5)) == demo.id


@pytest.mark.parametrize("thread", [None, 5])
async def test_one_message_of_a_person_is_expected_in_a_place(
    store: Store, demo: Session, thread: int | None
) -> None:
    first = Expectation(CHAT, thread, OWNER, demo.id, 1)
    await store.write(lambda tx: tx.routes.expect(first))
    await store.write(lambda tx: tx.routes.expect(replace(first, version=2)))
    for _ in range(2):
        found = await store.read(lambda tx: tx.routes.expected(CHAT, thread, OWNER))
        assert found == replace(first, version=2)
    assert await store.read(lambda tx: tx.routes.expected(CHAT, 6, OWNER)) is None
    assert await store.read(lambda tx: tx.routes.expected(CHAT, thread, UserId(8))) is None
    await store.write(lambda tx: tx.routes.disarm(demo.id))
    assert await store.read(lambda tx: tx.routes.expected(CHAT, thread, OWNER)) is None


async def test_a_group_moves_with_everything_it_has(store: Store, demo: Session) -> None:
    new = ChatId(-2002)

    def change(tx: Tx) -> str:
        tx.routes.put(Route(demo.id, CHAT))
        tx.routes.expect(Expectation(CHAT, None, OWNER, demo.id, 1))
        tx.routes.expect(Expectation(new, None, OWNER, demo.id, 9))
        tx.users.allow_chat(CHAT, OWNER)
        tx.users.allow_chat(new, OWNER)
        tx.decisions.add(records.decision(demo.id, message=3))
        notice = put(tx)
        tx.outbox.save(replace(notice, parts=(3,), shown=1, state="sent"))
        tx.routes.migrate(CHAT, new)
        return notice.key

    notice_key = await store.write(change)

    def check(tx: Tx) -> None:
        assert tx.routes.get(demo.id) == Route(demo.id, new)
        assert tx.routes.expected(new, None, OWNER) == Expectation(new, None, OWNER, demo.id, 1)
        assert tx.routes.expected(CHAT, None, OWNER) is None
        assert (tx.users.chat_allowed(new), tx.users.chat_allowed(CHAT)) == (True, False)
        row, notice = tx.decisions.get("d1"), tx.outbox.by_key(notice_key)
        assert row is not None
        assert notice is not None
        assert (row.chat, row.message) == (new, None)
        assert (notice.chat, notice.parts) == (new, ())
        assert tx.outbox.by_message(new, 3) is None

    await store.read(check)


async def test_people_are_put_and_listed(store: Store) -> None:
    ann, bob = User(OWNER, "Ann", Role.OWNER, "en"), User(UserId(3), "Bob", Role.VIEWER)
    changed = replace(bob, role=Role.OPERATOR)

    def change(tx: Tx) -> None:
        for user in (ann, bob, changed):
            tx.users.put(user)

    await store.write(change)
    assert await store.read(lambda tx: tx.users.all()) == [changed, ann]
    assert await store.read(lambda tx: tx.users.get(UserId(4))) is None


async def test_a_group_is_allowed_once_it_was(store: Store) -> None:
    assert not await store.read(lambda tx: tx.users.chat_allowed(CHAT))
    await store.write(lambda tx: tx.users.allow_chat(CHAT, UserId(1)))
    await store.write(lambda tx: tx.users.allow_chat(CHAT, UserId(2)))
    assert await store.read(lambda tx: tx.users.chat_allowed(CHAT))


# ---- inbox --------------------------------------------------------------------------------------------


async def test_an_update_is_stored_once_and_handled_once(store: Store) -> None:
    assert await store.write(lambda tx: tx.inbox.add(10, "{}", NOW))
    assert not await store.write(lambda tx: tx.inbox.add(10, "again", NOW))
    assert await store.read(lambda tx: tx.inbox.open()) == [(10, "{}")]
    assert await store.write(lambda tx: tx.inbox.done(10))
    assert not await store.write(lambda tx: tx.inbox.done(10))
    assert not await store.write(lambda tx: tx.inbox.done(11))
    assert await store.read(lambda tx: tx.inbox.open()) == []
    assert not await store.write(lambda tx: tx.inbox.add(10, "again", NOW))


async def test_updates_come_in_the_order_of_their_arrival(store: Store) -> None:
    # Telegram may start its numbers anew after a quiet week.
    await store.write(lambda tx: [tx.inbox.add(update, str(update), NOW) for update in (900, 5, 6)])
    assert await store.read(lambda tx: tx.inbox.open()) == [(900, "900"), (5, "5"), (6, "6")]


async def test_pruning_forgets_old_handled_updates_only(store: Store) -> None:
    def change(tx: Tx) -> list[bool]:
        for update, at in ((1, 10), (2, 10), (3, 30)):
            tx.inbox.add(update, "x", Millis(at))
        tx.inbox.done(1)
        tx.inbox.done(3)
        tx.inbox.prune(Millis(20))
        return [tx.inbox.add(update, "x", NOW) for update in (1, 2, 3)]

    assert await store.write(change) == [True, False, False]


# ---- outbox -------------------------------------------------------------------------------------------


async def test_a_notice_is_a_slot_with_revisions(store: Store) -> None:
    first = await store.write(lambda tx: put(tx, data={"n": 1}))
    again = await store.write(lambda tx: put(tx, data={"n": 2}, at=Millis(NOW + 5)))
    assert (first.rev, first.shown, first.state) == (1, 0, "pending")
    assert again == replace(first, rev=2, data={"n": 2})
    assert await store.read(lambda tx: tx.outbox.by_key("k")) == again


async def test_due_notices_come_by_chat_priority_and_age(store: Store) -> None:
    def change(tx: Tx) -> None:
        put(tx, "late", at=Millis(9))
        put(tx, "early", at=Millis(8))
        put(tx, "urgent", at=Millis(10), priority=Priority.ESSENTIAL)
        put(tx, "ornament", at=Millis(1), priority=Priority.ORNAMENT)
        put(tx, "other-chat", chat=ChatId(-5000), at=Millis(99))
        waits = put(tx, "waits")
        tx.outbox.save(replace(waits, not_before=Millis(NOW + 1)))
        for state in ("sending", "sent", "failed", "doubtful"):
            tx.outbox.save(replace(put(tx, state), state=state, shown=1))

    await store.write(change)
    due = [notice.key for notice in await store.read(lambda tx: tx.outbox.due(NOW))]
    assert due == ["other-chat", "urgent", "early", "late", "ornament"]
    assert "waits" in {notice.key for notice in await store.read(lambda tx: tx.outbox.due(Millis(NOW + 1)))}
    assert [notice.key for notice in await store.read(lambda tx: tx.outbox.unfinished())] == ["sending"]


async def test_a_revision_put_while_sending_is_sent_next(store: Store) -> None:
    def change(tx: Tx) -> Notice:
        claimed = replace(put(tx, data={"n": 1}), state="sending")
        tx.outbox.save(claimed)
        assert put(tx, data={"n": 2}).state == "sending"
        assert tx.outbox.due(NOW) == []
        tx.outbox.save(replace(claimed, state="sent", shown=claimed.rev, parts=(4,)))
        (due,) = tx.outbox.due(NOW)
        return due

    due = await store.write(change)
    assert (due.rev, due.shown, due.data, due.parts) == (2, 1, {"n": 2}, (4,))


@pytest.mark.parametrize("outcome", ["failed", "doubtful"])
async def test_the_failure_of_an_old_revision_does_not_fail_the_new_one(store: Store, outcome: Any) -> None:
    def change(tx: Tx) -> tuple[str, str]:
        claimed = replace(put(tx), state="sending")
        tx.outbox.save(claimed)
        put(tx)
        tx.outbox.save(replace(claimed, state=outcome))
        (due,) = tx.outbox.due(NOW)
        tx.outbox.save(replace(due, state=outcome))
        ended = tx.outbox.by_key(due.key)
        assert ended is not None
        return due.state, ended.state

    assert await store.write(change) == ("pending", outcome)


async def test_new_content_gives_a_failed_notice_a_new_chance(store: Store) -> None:
    def change(tx: Tx) -> Notice:
        failed = replace(put(tx), state="failed", attempts=5, not_before=Millis(NOW + 99))
        tx.outbox.save(failed)
        return put(tx)

    again = await store.write(change)
    assert (again.state, again.attempts, again.not_before) == ("pending", 0, 0)


async def test_saving_never_changes_what_is_to_be_shown(store: Store) -> None:
    def change(tx: Tx) -> Notice | None:
        notice = put(tx, data={"n": 1})
        tx.outbox.save(replace(notice, data={"n": 9}, rev=9, key="z", shown=9, state="sent", thread=3))
        return tx.outbox.by_key(notice.key)

    row = await store.write(change)
    assert row is not None
    assert (row.data, row.rev, row.key, row.shown, row.thread) == ({"n": 1}, 1, "k", 1, 3)


async def test_a_notice_moves_until_its_message_exists(store: Store) -> None:
    def change(tx: Tx) -> tuple[Notice, Notice]:
        put(tx)
        moved = put(tx, chat=ChatId(5), thread=6)
        tx.outbox.save(replace(moved, parts=(1,), shown=2, state="sent"))
        return moved, put(tx, chat=ChatId(7), thread=8)

    moved, fixed = await store.write(change)
    assert (moved.chat, moved.thread) == (5, 6)
    assert (fixed.chat, fixed.thread) == (5, 6)


async def test_a_message_old_or_new_leads_to_its_notice(store: Store) -> None:
    def change(tx: Tx) -> Notice:
        notice = put(tx)
        tx.outbox.save(replace(notice, parts=(1, 2)))
        tx.outbox.save(replace(notice, parts=(2, 3)))
        return notice

    notice = await store.write(change)
    for found in await store.read(lambda tx: [tx.outbox.by_message(CHAT, n) for n in (1, 2, 3)]):
        assert found is not None
        assert found.id == notice.id
        assert found.parts == (2, 3)
    assert await store.read(lambda tx: tx.outbox.by_message(ChatId(1), 1)) is None


async def test_the_newest_notice_of_a_kind_is_found(store: Store, demo: Session) -> None:
    await store.write(lambda tx: [put(tx, key, session=demo.id) for key in ("a", "b")])
    await store.write(lambda tx: put(tx, "c", session=demo.id, kind=NoticeKind.PLAN))
    newest = await store.read(lambda tx: tx.outbox.newest(demo.id, NoticeKind.PROGRESS))
    assert newest is not None
    assert newest.key == "b"
    assert await store.read(lambda tx: tx.outbox.newest(demo.id, NoticeKind.MERGED)) is None


# ---- commands, journal --------------------------------------------------------------------------------


async def test_an_order_is_given_once_and_kept_until_it_is_confirmed(store: Store, demo: Session) -> None:
    orders = [Command(f"c{n}", demo.id, Verb.PROMPT, {"text": f"文 {n}"}) for n in range(3)]

    def give(tx: Tx) -> None:
        for order in (*orders, replace(orders[0], verb=Verb.KILL)):
            tx.commands.add("local", order, NOW)

    await store.write(give)
    assert await store.read(lambda tx: tx.commands.open()) == [("local", order) for order in orders]
    await store.write(lambda tx: tx.commands.done("c1"))
    await store.write(lambda tx: tx.commands.done("unknown"))
    await store.write(lambda tx: tx.commands.add("local", orders[1], NOW))
    assert [order.id for _, order in await store.read(lambda tx: tx.commands.open())] == ["c0", "c2"]


async def test_an_event_is_stored_once_and_comes_back_as_it_was(store: Store, demo: Session) -> None:
    events: list[Event] = [
        Message("hello 🙂"),
        TurnFinished("failed", "x", AgentError(ErrorKind.AUTH, "no", 401)),
        PlanRequested("r", "plan"),
        QuestionRequested("q", (QuestionItem("a", "?", options=(Option("yes"),)),)),
        WorktreeInspected(Changes(top=(("a", 1, 2),), subjects=("s",))),
    ]
    rows = [Record(demo.id, 1, seq, seq * 10, event) for seq, event in enumerate(events, 1)]
    for fresh in (True, False):
        assert await store.write(lambda tx: {tx.journal.record(row, NOW) for row in rows}) == {fresh}
    assert await store.read(lambda tx: tx.journal.tail(demo.id, 10)) == rows
    assert await store.read(lambda tx: tx.journal.tail(demo.id, 2)) == rows[-2:]
    assert await store.read(lambda tx: tx.journal.tail(SessionId(8), 2)) == []


async def test_audited_decisions_come_newest_first(store: Store, demo: Session) -> None:
    entries = [
        AuditEntry(NOW, OWNER, demo.id, "plan.approve", "1"),
        AuditEntry(Millis(NOW + 1), None, None, "notice.failed", "x"),
    ]

    def note(tx: Tx) -> None:
        for entry in entries:
            tx.journal.audit(entry)

    await store.write(note)
    assert await store.read(lambda tx: tx.journal.audited(5)) == entries[::-1]
    assert await store.read(lambda tx: tx.journal.audited(1)) == entries[1:]


async def test_text_that_is_no_text_is_stored_all_the_same(store: Store, demo: Session) -> None:
    # A JSON string may hold half of a surrogate pair; an agent's output is no reason to stop.
    await store.write(lambda tx: tx.sessions.save(replace(demo, activity="a\ud83db", queued=("\udc00",))))
    await store.write(lambda tx: tx.journal.record(Record(demo.id, 1, 1, 1, Message("\ud83d")), NOW))
    row = await store.read(lambda tx: tx.sessions.get(demo.id))
    assert (row.activity, row.queued) == ("a\ufffdb", ("\ufffd",))
    (record,) = await store.read(lambda tx: tx.journal.tail(demo.id, 1))
    assert record.event == Message("\ufffd")
