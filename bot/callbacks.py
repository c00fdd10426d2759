"""What a button sends back: the id of a decision's row and a verb. Authority lies in the row, not here."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHAPE = re.compile(r"v1:([A-Za-z0-9_-]{22}):([a-z0-9]{1,12})")


@dataclass(frozen=True, slots=True)
class Press:
    """A decoded button."""

    decision: str
    verb: str


def encode(decision: str, verb: str) -> str:
    """Return the data of a button."""
    return f"v1:{decision}:{verb}"


def decode(data: str | None) -> Press | None:
    """Read a button's data; anything that is not ours is None."""
    found = _SHAPE.fullmatch(data or "")
    return Press(found[1], found[2]) if found else None
