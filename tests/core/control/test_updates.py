"""One update is one change: every verb repeated with the same update does nothing, after a crash too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

import pytest

from core.control.loop import Control
from core.engine import Engine
from core.links.local import LocalLink
from core.model import Launch, Millis, Policy, SessionId
from core.ports import Clock
from core.states import DecisionKind, PermissionMode, PlanApproval, Strategy
from tests.core.control.scene import ANN, BEGUN, CHAT, PERMISSION, PLAN, QUESTION, Scene, scene

Verb = Callable[[Engine, int], Awaitable[object]]
UPDATE = 77
FIRST = SessionId(1)
POLICY = Policy("demo", PermissionMode.DEFAULT, PlanApproval.ASK, Strategy.ASK, "main")


class SceneClock:
    """The scene's time."""

    def __init__(self, play: Scene) -> None:
        self.play = play

    def now(self) -> Millis:
        return Millis(self.play.now)


def engine(play: Scene) -> Engine:
    """Return an engine with nothing but a store under it."""
    control = Control(play.store, LocalLink(), cast(Clock, SceneClock(play)))
    nothing = cast(Any, None)
    return Engine(nothing, play.store, control, AsyncExitStack())


async def everything(play: Scene) -> object:
    """Return all a verb could change."""
    orders = [order.id for order in await play.orders()]
    return await play.session(), await play.notices(), await play.pending(), orders


async def prepare(play: Scene, *told: Any, complete: bool = False) -> None:
    """Bring a session to where a verb makes sense."""
    await play.launch()
    await play.tell(*BEGUN, *told)
    if complete:
        await play.complete()


VERBS: dict[str, tuple[Callable[[Scene], Awaitable[None]], Verb]] = {
    "launch": (
        prepare,
        lambda e, u: e.launch(Launch("app", "more", POLICY, ANN, CHAT), update=u),
    ),
    "say": (prepare, lambda e, u: e.say(FIRST, "more", ANN, update=u)),
    "stop": (prepare, lambda e, u: e.stop(FIRST, ANN, update=u)),
    "plan": (
        lambda play: prepare(play, PLAN),
        lambda e, u: e.decide_plan(FIRST, "revise", ANN, update=u),
    ),
    "answer": (
        lambda play: prepare(play, QUESTION),
        lambda e, u: e.answer(FIRST, "42", ANN, update=u),
    ),
    "permission": (
        lambda play: prepare(play, PERMISSION),
        lambda e, u: e.decide_permission(FIRST, "allow", ANN, update=u),
    ),
    "branch": (
        lambda play: prepare(play, complete=True),
        lambda e, u: e.decide_branch(FIRST, "merge", ANN, update=u),
    ),
}


@pytest.mark.parametrize("name", VERBS)
async def test_a_verb_repeated_with_its_update_does_nothing(tmp_path: Path, name: str) -> None:
    ready, verb = VERBS[name]
    async with scene(tmp_path) as play:
        await ready(play)
        await play.do(lambda w: w.tx.inbox.add(UPDATE, "{}", w.now))
        before = await everything(play)
        await verb(engine(play), UPDATE)
        after = await everything(play)
        assert after != before or name == "launch"
        await verb(engine(play), UPDATE)
        assert await everything(play) == after
        assert await play.read(lambda tx: list(tx.inbox.open())) == []


async def test_feedback_and_the_yes_to_a_discard_are_taken_once_an_update(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.press(await play.plan(), "revise")
        await play.do(lambda w: w.tx.inbox.add(UPDATE, "{}", w.now))
        for _ in range(2):
            await engine(play).give_feedback(play.id, "add tests", ANN, update=UPDATE)
        await play.complete()
        await play.press(await play.decision(DecisionKind.WORKTREE), "discard")
        await play.do(lambda w: w.tx.inbox.add(UPDATE + 1, "{}", w.now))
        for _ in range(2):
            await engine(play).confirm_discard(play.id, "yes", ANN, update=UPDATE + 1)
        assert await play.pending() == []


async def test_an_update_that_was_never_stored_changes_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await prepare(play)
        before = await everything(play)
        await engine(play).say(play.id, "more", ANN, update=5)
        assert await everything(play) == before


async def test_a_verb_that_is_refused_leaves_its_update_to_be_answered(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await prepare(play)
        await play.do(lambda w: w.tx.inbox.add(UPDATE, "{}", w.now))
        with pytest.raises(Exception, match="no such decision"):
            await engine(play).decide_plan(play.id, "approve", ANN, update=UPDATE)
        assert await play.read(lambda tx: list(tx.inbox.open())) == [(UPDATE, "{}")]
