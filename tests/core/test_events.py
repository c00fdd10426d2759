"""Events survive the way to JSON and back; what is not known is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import events
from core.model import Changes, Option, QuestionItem
from core.states import ErrorKind

TEXT = st.text(max_size=20)
SAMPLES: list[events.Event] = [
    events.SessionStarted("id", "model"),
    events.Todo((("write", "done"), ("test", "open"))),
    events.TurnFinished("failed", "", events.AgentError(ErrorKind.AUTH, "401", 401)),
    events.WorktreeInspected(Changes(1, 2, 3, 4, "abc", (("a.py", 1, 2),), ("subject",), ()), "abc"),
    events.WorktreeLanded("conflict", "main", files=("a", "b")),
    events.CommandFailed("c1", "launch", "error-agent-missing", (("agent", "claude"),)),
]


@pytest.mark.parametrize("event", SAMPLES, ids=lambda e: e.kind)
def test_an_event_survives_json(event: events.Event) -> None:
    assert events.decode(json.loads(json.dumps(events.encode(event)))) == event


ITEM = st.builds(
    QuestionItem,
    id=TEXT,
    text=TEXT,
    header=TEXT,
    options=st.lists(st.builds(Option, TEXT, TEXT), max_size=3).map(tuple),
    multi=st.booleans(),
    free_text=st.booleans(),
    secret=st.booleans(),
)


@given(st.builds(events.QuestionRequested, TEXT, st.lists(ITEM, max_size=3).map(tuple)))
def test_any_question_survives_json(event: events.Event) -> None:
    assert events.decode(json.loads(json.dumps(events.encode(event)))) == event


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown event kind"):
        events.decode({"kind": "session.exploded"})


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown fields"):
        events.decode({"kind": "turn.started", "surprise": 1})
