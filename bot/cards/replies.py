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
        text = words.get(line["key"], **line.get("values", {}))
        lines.append(bold(text) if number == 0 and data.get("title") else text)
    lines.extend(_row(row) for row in data.get("rows", ()))
    return Message(card(*lines), silent=True)


def _row(row: dict[str, str]) -> Part:
    return join((code(f"[{row['name']}]"), f"{row['state']} · {row['project']}", row["task"]), " ")
