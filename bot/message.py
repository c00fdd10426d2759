"""A message as the bot wants it to look, before Telegram has seen it. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.text.rich import Rich

Style = Literal["primary", "success", "danger"]


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message; `data` is what a press sends back (at most 64 bytes)."""

    text: str
    data: str
    style: Style | None = None


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One message, on one or more pages; the buttons stand under the last."""

    pages: tuple[Rich, ...]
    buttons: Rows = ()
    silent: bool = False
    document: tuple[str, bytes] | None = None  # file name and content, sent after the pages
    force_reply: str | None = None  # placeholder of the field that opens for an answer
    final: bool = True  # False: more revisions will follow soon, so edits may be spaced out
