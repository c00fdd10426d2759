"""Claude Code's questions as ours, and our answers as its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.model import Option, QuestionItem


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Option(_Lenient):
    label: str
    description: str = ""


class _Question(_Lenient):
    question: str
    header: str = ""
    multi: bool = Field(default=False, alias="multiSelect")
    options: list[_Option] = Field(default_factory=list)


class _Questions(_Lenient):
    questions: list[_Question] = Field(min_length=1)


def items_of(given: Mapping[str, Any]) -> tuple[QuestionItem, ...]:
    """Read the questions of a call; an item's id is its position. Raises `ValidationError`."""
    asked = _Questions.model_validate(dict(given))
    return tuple(
        QuestionItem(
            id=str(number),
            text=one.question,
            header=one.header,
            options=tuple(Option(o.label, o.description) for o in one.options),
            multi=one.multi,
        )
        for number, one in enumerate(asked.questions)
    )


def with_answers(given: Mapping[str, Any], answers: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the call's input with answers in it: by the text of the question, several joined by commas."""
    texts = {item.id: item.text for item in items_of(given)}
    said = {texts[item]: ", ".join(labels) for item, labels in answers.items() if item in texts}
    return {**given, "answers": said}
