"""Long texts come in pieces: clients cut them at 4096 characters. What follows a full piece belongs to it."""

from __future__ import annotations

from collections import OrderedDict

from core.model import SessionId

FULL = 3500  # units; clients like to cut at a space or the end of a line
TOGETHER_S = 2.0  # pieces are sent at once
MOST_REMEMBERED = 256

Place = tuple[int, int | None, int]  # chat, topic, person


class Pieces:
    """Remembers for a moment which session the last full piece of a person went to."""

    def __init__(self) -> None:
        self._last: OrderedDict[Place, tuple[float, SessionId]] = OrderedDict()

    def continued(self, place: Place, sent_at: float) -> SessionId | None:
        """Return the session a message goes on with, if it follows a full piece."""
        at, session = self._last.pop(place, (float("-inf"), None))
        return session if abs(sent_at - at) <= TOGETHER_S else None

    def went(self, place: Place, text: str, sent_at: float, session: SessionId) -> None:
        """Remember where a message went, if more of it may follow."""
        if len(text.encode("utf-16-le")) // 2 < FULL:
            return
        self._last[place] = (sent_at, session)
        if len(self._last) > MOST_REMEMBERED:
            self._last.popitem(last=False)
