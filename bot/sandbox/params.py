"""Parameters of one call, however they came: query, form, JSON or multipart, nested values as JSON text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.errors import bad

WORDS = frozenset({"text", "caption", "name", "description", "short_description", "title", "message"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    name: str
    mime: str
    data: bytes


class Params:
    """Typed access to a call's parameters."""

    __slots__ = ("_files", "_values")

    def __init__(self, values: Mapping[str, Any], files: Mapping[str, Upload] | None = None) -> None:
        self._values = values
        self._files = files or {}

    def text(self, name: str) -> str:
        """The value as text; empty when missing."""
        value = self._values.get(name)
        return "" if value is None else value if isinstance(value, str) else str(value)

    def has(self, name: str) -> bool:
        """Whether the parameter was given at all."""
        return self._values.get(name) is not None

    def integer(self, name: str) -> int:
        """The value as a whole number; 0 when missing."""
        value = self._values.get(name)
        if value is None or value == "":
            return 0
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad(f"invalid {name} specified") from None

    def flag(self, name: str) -> bool:
        """The value as yes or no; no when missing."""
        value = self._values.get(name)
        return value if isinstance(value, bool) else str(value).lower() in {"true", "1", "yes"}

    def nested(self, name: str, what: str = "object") -> Any:
        """The value decoded from JSON; None when missing."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad(f"can't parse {what} JSON object") from None

    def upload(self, name: str) -> Upload | None:
        """The file sent under a name, directly or by `attach://`."""
        value = self._values.get(name)
        if isinstance(value, str) and value.startswith("attach://"):
            return self._files.get(value.removeprefix("attach://"))
        return self._files.get(name)

    def attached(self, uri: str) -> Upload | None:
        """The file behind an `attach://` address."""
        return self._files.get(uri.removeprefix("attach://"))

    def plain(self) -> dict[str, Any]:
        """All values decoded, for assertions and the log of calls."""
        decoded = {name: _decoded(name, value) for name, value in self._values.items()}
        return decoded | {name: f"<{len(f.data)} bytes {f.name}>" for name, f in self._files.items()}


def _decoded(name: str, value: Any) -> Any:
    if not isinstance(value, str) or name in WORDS:
        return value
    if value[:1] in "[{" and value:
        try:
            return json.loads(value)
        except ValueError:
            return value
    if value in {"true", "false"}:
        return value == "true"
    digits = value.removeprefix("-")
    return int(value) if digits.isascii() and digits.isdigit() else value
