"""What both ends of the keeper's socket agree on: version, limits, refusals, one JSON object a line."""

from __future__ import annotations

import json

TYPE_CHECKING = False  # the name is enough for the type checker; importing typing costs memory in a daemon
if TYPE_CHECKING:
    from typing import Any

    Msg = dict[str, Any]

VERSION = 1
OLDEST = 1
LINE_LIMIT = 16 * 1024 * 1024
QUEUE_LIMIT = 8 * 1024 * 1024
BACKLOG_LIMIT = 32 * 1024 * 1024


class Refused(Exception):
    """A request that is answered with a code and a sentence instead of a result."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


def encode(message: Msg) -> bytes:
    """Return one line of the wire."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Msg:
    """Read one line; anything but an object is refused."""
    try:
        message = json.loads(line)
    except ValueError as error:
        raise Refused("bad_request", f"not JSON: {error}") from None
    if not isinstance(message, dict):
        raise Refused("bad_request", "a request is a JSON object")
    return message
