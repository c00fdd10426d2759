"""Whatever puts and deliveries do to each other, the newest revision is what is shown in the end."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.model import Millis, Notice
from core.states import NoticeKind, Priority
from core.store import migrate
from core.store.rows import Refused
from core.store.tx import SqliteTx
from tests.core.store.records import CHAT

MIGRATIONS = migrate.bundled()


class Slot(RuleBasedStateMachine):
    """One notice, somebody who revises it, and somebody who delivers it from a copy."""

    def __init__(self) -> None:
        super().__init__()
        self.conn = sqlite3.connect(":memory:", isolation_level=None)
        self.conn.row_factory = sqlite3.Row
        migrate.apply(self.conn, MIGRATIONS)
        self.outbox = SqliteTx(self.conn, Refused()).outbox
        self.now = 0
        self.puts = 0
        self.copy: Notice | None = None  # what the deliverer works on
        self.on_screen: int | None = None  # the revision a person sees
        self.given_up: int = 0  # the revision whose delivery ended without success

    def teardown(self) -> None:
        self.drain()
        self.conn.close()

    @rule()
    def put(self) -> None:
        self.puts += 1
        data = {"rev": self.puts}
        notice = self.outbox.put(
            "k", NoticeKind.PROGRESS, CHAT, None, None, data, Priority.CARD, Millis(self.now)
        )
        assert (notice.rev, notice.data) == (self.puts, data)

    @rule(later=st.integers(1, 5))
    def wait(self, later: int) -> None:
        self.now += later

    @precondition(lambda self: self.copy is None)
    @rule()
    def claim(self) -> None:
        for notice in self.outbox.due(Millis(self.now)):
            self.copy = replace(notice, state="sending")
            self.outbox.save(self.copy)

    @precondition(lambda self: self.copy is not None)
    @rule()
    def send_a_part(self) -> None:
        assert self.copy is not None
        self.copy = replace(self.copy, parts=(*self.copy.parts, len(self.copy.parts) + 1))
        self.outbox.save(self.copy)

    @precondition(lambda self: self.copy is not None)
    @rule()
    def succeed(self) -> None:
        copy = self.take_copy()
        self.on_screen = copy.data["rev"]
        self.outbox.save(replace(copy, state="sent", shown=copy.rev, parts=copy.parts or (1,)))

    @precondition(lambda self: self.copy is not None)
    @rule(later=st.integers(0, 5))
    def put_off(self, later: int) -> None:
        copy = self.take_copy()
        not_before = Millis(self.now + later)
        self.outbox.save(replace(copy, state="pending", attempts=copy.attempts + 1, not_before=not_before))

    @precondition(lambda self: self.copy is not None)
    @rule(state=st.sampled_from(["failed", "doubtful"]))
    def give_up(self, state: str) -> None:
        copy = self.take_copy()
        self.given_up = copy.rev
        self.outbox.save(replace(copy, state=state))  # type: ignore[arg-type]

    @rule()
    def die_and_start_again(self) -> None:
        self.copy = None
        for notice in self.outbox.unfinished():
            self.outbox.save(replace(notice, state="pending"))

    def take_copy(self) -> Notice:
        copy, self.copy = self.copy, None
        assert copy is not None
        return copy

    @invariant()
    def the_row_tells_the_truth(self) -> None:
        row = self.outbox.by_key("k")
        if row is None:
            return
        assert row.rev == self.puts
        assert row.shown <= row.rev
        assert (row.state == "sending") == (self.copy is not None)
        if row.state == "sent":
            assert row.shown == row.rev == self.on_screen
        if row.state in {"failed", "doubtful"}:
            assert self.given_up == row.rev
        due = self.outbox.due(Millis(self.now))
        assert bool(due) == (row.state == "pending" and row.not_before <= self.now)

    def drain(self) -> None:
        """Let the deliverer finish: the newest revision is on the screen, or was given up itself."""
        if self.copy is not None:
            self.succeed()
        self.now += 10
        self.claim()
        while self.copy is not None:
            self.succeed()
            self.claim()
        if self.puts:
            assert self.puts in {self.on_screen, self.given_up}


Slot.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
test_the_newest_revision_is_shown_in_the_end = Slot.TestCase
