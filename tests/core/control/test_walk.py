"""Random histories over the real store: whatever comes in whatever order, a few things never happen."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import events
from core.control import decisions, orders, sessions, worktrees
from core.control.work import CARDS, Work
from core.errors import LeadhandError
from core.lifecycle import ENDED
from core.model import (
    Changes,
    Option,
    QuestionItem,
    Session,
    SessionId,
)
from core.ports import Command, Verb
from core.states import (
    ApprovalState,
    DecisionKind,
    ErrorKind,
    NoticeKind,
    PermissionMode,
    Status,
    Strategy,
    WorktreeState,
)
from tests.core.control.scene import ANN, BOB, CHAT, Scene, scene

OPTIONS = (Option("Red", "warm"), Option("Blue"))
ITEMS = {
    "one": QuestionItem("a", "Which?", options=OPTIONS),
    "many": QuestionItem("b", "Which ones?", options=OPTIONS, multi=True, free_text=False),
    "free": QuestionItem("c", "What?", secret=True),
}
ENDS = {NoticeKind.FAILED, NoticeKind.STOPPED}
VERBS = [
    *(
        "approve",
        "revise",
        "reject",
        "o0",
        "o1",
        "o9",
        "oX",
        "t0",
        "t1",
        "t-1",
        "t9",
        "done",
        "allow",
        "deny",
    ),
    *("session", "merge", "later", "discard", "yes", "no", "maybe", ""),
]
SAYINGS = ["approve", "Revise", "reject.", "go on", "red", "blue ", "  ", "make it nicer", "allow"]


class Walk:
    """One random history."""

    def __init__(self, play: Scene, dice: random.Random) -> None:
        self.play = play
        self.dice = dice
        self.requests: list[str] = []
        self.pressable: list[str] = []
        self.trace: list[str] = []
        self.epochs_seen: set[int] = set()

    async def step(self) -> None:
        move = self.dice.choices(
            [self.record, self.press, self.say, self.verb, self.ack, self.tick], [50, 20, 8, 8, 6, 2]
        )[0]
        try:
            await move()
        except LeadhandError as error:
            self.trace.append(f"    refused: {error!r}")
        await self.check()

    async def record(self) -> None:
        event = await self.event()
        session = await self.play.session()
        epoch = session.epoch if self.dice.random() < 0.9 else max(1, session.epoch - 1)
        self.trace.append(f"{event} @{epoch}")
        await self.play.tell(event, epoch=epoch)
        if self.dice.random() < 0.2:
            await self.play.repeat(event, epoch=epoch)

    async def event(self) -> events.Event:
        dice = self.dice
        request = f"r{len(self.requests)}"
        known = dice.choice(self.requests) if self.requests else "r?"
        orders_ = await self.play.read(lambda tx: [c for _, c in tx.commands.open()])
        order = dice.choice(orders_) if orders_ else Command("none", SessionId(1), Verb.PROMPT)
        changes = Changes(commits=dice.choice([0, 1, 3]), files=dice.choice([0, 2]), tip=dice.choice("abc"))
        outcome = dice.choice(["merged", "already", "nothing", "conflict", "blocked", "moved"])
        made: list[Callable[[], events.Event]] = [
            lambda: events.ProcessStarted("run", 1),
            events.TurnStarted,
            events.TurnStarted,
            lambda: events.SessionStarted("c1"),
            lambda: events.ToolStarted("t", "Read", "read", dice.choice("xyz")),
            lambda: events.PlanRequested(request, "plan", tree=dice.choice(["", "t1", "t2"])),
            lambda: events.PlanRequested(request, "plan"),
            lambda: events.QuestionRequested(
                request, tuple(dice.sample(list(ITEMS.values()), dice.randint(0, 3)))
            ),
            lambda: events.PermissionRequested(request, "c", "Bash", "execute", "run", inside=True),
            lambda: events.PermissionRequested(request, "c", "Read", "read", "read", inside=True),
            lambda: events.RequestResolved(known, dice.choice(["user", "agent"]), dice.choice(["", "t3"])),
            lambda: events.InputAccepted(str(order.body.get("id", "?"))),
            lambda: events.Used(1, 2, 3, 0.1),
            lambda: events.TurnFinished("completed", "done"),
            lambda: events.TurnFinished("completed", "done"),
            lambda: events.TurnFinished("interrupted"),
            lambda: events.TurnFinished("failed", "", events.AgentError(ErrorKind.AUTH, "no")),
            lambda: events.SessionEnded(None, None, expected=False),
            lambda: events.SessionEnded(1, None, expected=False, tail="boom"),
            lambda: events.SessionEnded(0, None, expected=True),
            lambda: events.WorktreeCreated("/w", "leadhand/fix", "main", "abc", "t1"),
            lambda: events.WorktreeInspected(changes),
            lambda: events.WorktreeInspected(changes),
            lambda: events.WorktreeLanded(outcome, "main", "o", dice.choice("nm"), ("a.py",)),  # type: ignore[arg-type]
            lambda: events.WorktreeRemoved(dice.random() < 0.7, "refs/b", ("dirty",)),
            lambda: events.CommandFailed(order.id, order.verb, dice.choice(["error-not-running", "error-x"])),
            lambda: events.CommandFailed(order.id, order.verb, "error-not-running"),
        ]
        event = dice.choice(made)()
        if hasattr(event, "request") and event.request == request:
            self.requests.append(request)
        return event

    async def press(self) -> None:
        pending = await self.play.read(lambda tx: tx.decisions.pending(self.play.id))
        self.pressable += [d.id for d in pending if d.id not in self.pressable]
        if not self.pressable:
            return
        fresh = pending and self.dice.random() < 0.8
        button = self.dice.choice([d.id for d in pending] if fresh else self.pressable)
        verb, by = self.dice.choice(VERBS), self.dice.choice([ANN, BOB])
        self.trace.append(f"press {button[:4]} {verb}")
        await self.play.do(lambda w: decisions.press(w, button, verb, by, CHAT, 1))

    async def say(self) -> None:
        text = self.dice.choice(SAYINGS)
        self.trace.append(f"say {text}")
        await self.play.on(lambda w, s: decisions.say(w, s, text, ANN))

    async def verb(self) -> None:
        rule: Callable[[Work, Session], Any] = self.dice.choice(
            [
                lambda w, s: sessions.stop(w, s, ANN),
                lambda w, s: decisions.permission(w, s, "allow", BOB),
                lambda w, s: decisions.discard(w, s, "yes", BOB),
                lambda w, s: worktrees.decide(w, s, "discard", BOB),
                lambda w, s: worktrees.decide(w, s, "merge", BOB),
            ]
        )
        self.trace.append("verb")
        await self.play.on(rule)

    async def ack(self) -> None:
        open_ = await self.play.orders()
        if open_:
            order = self.dice.choice(open_)
            self.trace.append(f"ack {order.id}")
            await self.play.do(lambda w: orders.confirm(w, order.id))

    async def tick(self) -> None:
        self.play.now += self.dice.choice([1000, 40 * 24 * 3600 * 1000])

    async def check(self) -> None:
        play = self.play
        session = await play.session()
        pending = await play.read(lambda tx: list(tx.decisions.pending(play.id)))
        notices = await play.notices()
        for kind in set(DecisionKind) - {DecisionKind.PERMISSION}:
            assert sum(d.kind is kind for d in pending) <= 1, kind
        for decision in pending:
            cards = [
                n for n in notices if n.kind is CARDS[decision.kind] and n.data.get("decision") == decision.id
            ]
            assert len(cards) == 1, decision
            assert not cards[0].data.get("closed"), decision
        open_cards = [n for n in notices if "decision" in n.data and not n.data.get("closed")]
        assert {n.data["decision"] for n in open_cards} <= {d.id for d in pending}
        kinds = {d.kind for d in pending}
        assert (DecisionKind.PLAN in kinds) == (session.state.approval is ApprovalState.PENDING)
        if session.state.status in ENDED:
            assert not kinds & {DecisionKind.QUESTION, DecisionKind.PERMISSION}
        if session.state.status in {Status.COMPLETED, Status.KILLED}:
            assert DecisionKind.PLAN not in kinds
        if DecisionKind.WORKTREE in kinds:
            assert session.state.worktree is WorktreeState.PENDING_DECISION
            assert session.state.status in ENDED
        if DecisionKind.DISCARD in kinds:
            assert DecisionKind.WORKTREE in kinds
        ends = [
            n.key for n in notices if n.kind in ENDS and n.data.get("reason") not in {"discarded", "rejected"}
        ]
        assert len({key.rpartition(":")[2] for key in ends}) == len(ends), ends
        launches = await play.orders(Verb.LAUNCH)
        assert len(launches) == len({c.body["epoch"] for c in launches})


@pytest.mark.parametrize("seed", range(24))
async def test_no_history_breaks_a_promise(tmp_path: Path, seed: int) -> None:
    async with scene(tmp_path) as play:
        dice = random.Random(seed)
        mode = dice.choice([*PermissionMode, PermissionMode.PLAN])
        await play.launch(mode, strategy=dice.choice([*Strategy, Strategy.ASK, Strategy.ASK]))
        walk = Walk(play, dice)
        try:
            for _ in range(150):
                await walk.step()
        except BaseException as error:
            error.add_note("\n".join(walk.trace[-30:]))
            raise
