"""Questions: one item at a time, answered exactly as chosen, secrets shown and kept nowhere."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from core import events
from core.control import orders, questions
from core.errors import BadInput, NotAnOption, NothingPending
from core.model import Option, QuestionItem
from core.ports import Verb
from core.states import DecisionKind, Lifecycle, NoticeKind
from tests.core.control.scene import ANN, BEGUN, CRASH, DONE, Scene, scene

OPTIONS = (Option("Red", "warm"), Option("Blue", "cold"))
COLOUR = QuestionItem("a", "Which colour?", "Colour", OPTIONS, free_text=False)
SIZES = QuestionItem("b", "Which sizes?", options=(Option("S"), Option("M"), Option("L")), multi=True)
NAME = QuestionItem("c", "What name?")
SECRET = QuestionItem("d", "Which password?", secret=True)
PASSWORD = "hunter2-correct-horse"


def ask(*items: QuestionItem, request: str = "q1") -> events.QuestionRequested:
    return events.QuestionRequested(request, items)


async def asked(play: Scene, *items: QuestionItem) -> None:
    await play.begin()
    await play.tell(ask(*items))


async def answer(play: Scene, verb: str) -> None:
    await play.press(await play.decision(DecisionKind.QUESTION), verb)


async def answers(play: Scene) -> object:
    return (await play.order(Verb.ANSWER)).body["answers"]


async def test_an_answer_is_the_label_exactly(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await asked(play, COLOUR)
        assert (await play.session()).state.lifecycle is Lifecycle.AWAITING_USER_INPUT
        await answer(play, "o1")
        assert await answers(play) == {"a": ["Blue"]}
        assert (await play.data(NoticeKind.QUESTION))["answer"] == "Blue"
        assert (await play.session()).state.lifecycle is Lifecycle.ACTIVE


async def test_several_questions_are_asked_one_by_one_and_answered_at_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await asked(play, COLOUR, SIZES, NAME)
        await answer(play, "o0")
        assert await play.orders(Verb.ANSWER) == []
        data = await play.data(NoticeKind.QUESTION)
        assert (data["position"], data["of"], data["text"]) == (2, 3, "Which sizes?")
        for verb in ("t0", "t2", "t1", "t0"):
            await answer(play, verb)
        assert (await play.data(NoticeKind.QUESTION))["chosen"] == [1, 2]
        await answer(play, "done")
        await play.say("  Ada ")
        assert await answers(play) == {"a": ["Red"], "b": ["M", "L"], "c": ["  Ada "]}
        assert len(await play.orders(Verb.ANSWER)) == 1
        assert len(await play.notices(NoticeKind.QUESTION)) == 3


@pytest.mark.parametrize("text", ["blue", "BLUE", " Blue\n"])
async def test_free_text_that_names_an_option_is_that_option(tmp_path: Path, text: str) -> None:
    async with scene(tmp_path) as play:
        await asked(play, COLOUR)
        await play.say(text)
        assert await answers(play) == {"a": ["Blue"]}


async def test_free_text_is_refused_where_only_options_count(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await asked(play, COLOUR)
        with pytest.raises(NotAnOption):
            await play.say("green")
        assert len(await play.pending(DecisionKind.QUESTION)) == 1


async def test_without_options_every_text_counts(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await asked(play, QuestionItem("a", "What?", free_text=False))
        assert (await play.data(NoticeKind.QUESTION))["free_text"]
        await play.say("this")
        assert await answers(play) == {"a": ["this"]}


async def test_an_empty_answer_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await asked(play, NAME)
        with pytest.raises(BadInput):
            await play.on(lambda w, s: questions.answer_by_text(w, s, " ", ANN))


async def test_a_question_about_nothing_is_answered_at_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await asked(play)
        assert await answers(play) == {}
        assert await play.pending() == []


async def test_items_with_the_same_id_are_asked_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await asked(play, NAME, NAME)
        await play.say("Ada")
        assert await answers(play) == {"c": ["Ada"]}


async def test_a_second_question_waits_for_the_first(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await asked(play, COLOUR)
        await play.tell(ask(NAME, request="q2"))
        assert len(await play.notices(NoticeKind.QUESTION)) == 1
        await answer(play, "o0")
        assert (await play.data(NoticeKind.QUESTION))["text"] == "What name?"
        await play.say("Ada")
        assert [o.body["request"] for o in await play.orders(Verb.ANSWER)] == ["q1", "q2"]


async def test_the_next_question_comes_when_the_agent_takes_the_first_back(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await asked(play, COLOUR)
        await play.tell(ask(NAME, request="q2"), events.RequestResolved("q1"))
        first, second = await play.notices(NoticeKind.QUESTION)
        assert (first.data["closed"], second.data["text"]) == ("superseded", "What name?")
        assert (await play.session()).state.lifecycle is Lifecycle.AWAITING_USER_INPUT


async def test_a_question_half_answered_when_its_agent_died_is_answered_to_the_end(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await asked(play, COLOUR, NAME)
        await answer(play, "o1")
        await play.tell(CRASH)
        await play.say("Ada")
        told = await play.prompt()
        assert "Which colour?\n→ Blue" in told
        assert "What name?\n→ Ada" in told


async def test_nothing_is_answered_when_nothing_is_asked(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await asked(play, NAME)
        await play.tell(DONE)
        with pytest.raises(NothingPending):
            await play.on(lambda w, s: questions.answer_by_text(w, s, "Ada", ANN))


# ---- secrets ----------------------------------------------------------------------------------------


def stored(path: Path) -> list[str]:
    """Return the tables that hold the password."""
    with sqlite3.connect(path / "leadhand.db") as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [name for name in tables if PASSWORD in str(db.execute(f"SELECT * FROM {name}").fetchall())]  # noqa: S608


async def test_a_secret_answer_is_in_its_order_until_the_agent_has_it_and_nowhere_else(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as play:
        await asked(play, SECRET)
        await play.say(PASSWORD)
        assert await answers(play) == {"d": [PASSWORD]}
        assert (await play.data(NoticeKind.QUESTION))["answer"] == "•••"
        assert stored(tmp_path) == ["command"]
        await play.tell(events.RequestResolved("q1", "user"))
        assert stored(tmp_path) == []


async def test_a_secret_told_to_a_resumed_agent_is_forgotten_when_it_begins_to_work(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await asked(play, SECRET)
        await play.tell(CRASH)
        await play.say(PASSWORD)
        assert PASSWORD in await play.prompt()
        launch = await play.order(Verb.LAUNCH)
        await play.do(lambda work: orders.confirm(work, launch.id))
        assert stored(tmp_path) == ["command"]
        await play.tell(*BEGUN)
        assert stored(tmp_path) == []


async def test_a_secret_that_never_left_is_forgotten_with_its_question(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await asked(play, SECRET, NAME)
        await play.say(PASSWORD)
        assert stored(tmp_path) == ["request"]
        await play.tell(DONE)
        assert stored(tmp_path) == []
