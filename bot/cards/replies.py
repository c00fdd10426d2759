"""The bot's own answers: a text by its key, the list of sessions, help."""

from __future__ import annotations

from bot.cards.parts import card
from bot.message import Message
from bot.text.catalog import Words
from bot.text.rich import Part, bold, code, join
from core.model import Notice


def reply(notice: Notice, words: Words) -> Message:
    """Show an answer: `lines` are text keys with their values, `rows` are sessions."""
    data = notice.data
    lines: list[Part] = []
    for number, line in enumerate(data.get("lines", ())):
        text = words.get(line["key"], **_said(line.get("values", {}), words))
        lines.append(bold(text) if number == 0 and data.get("title") else text)
    lines.extend(_row(row, words) for row in data.get("rows", ()))
    return Message(card(*lines), silent=True)


def _said(values: dict[str, str | int], words: Words) -> dict[str, str | int]:
    """The value `state` is the key of another text; what people wrote never is."""
    return {k: words.get(str(v)) if k == "state" else v for k, v in values.items()}


def _row(row: dict[str, str], words: Words) -> Part:
    state = words.get(row["state"])
    return join((code(f"[{row['name']}]"), join((f"{state} · {row['project']} ·", row["task"]), " ")), " ")
