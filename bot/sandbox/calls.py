"""The log of Bot API calls, for assertions and for the page; bounded."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.sandbox.params import Params

KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call and its answer; code 0 means the client got no answer."""

    at: float
    method: str
    bot_id: int
    chat_id: int
    given: Params
    code: int
    answer: Any

    @property
    def params(self) -> dict[str, Any]:
        """The parameters, decoded."""
        return self.given.plain()

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.code == 200  # noqa: PLR2004 - HTTP's OK

    def json(self) -> dict[str, Any]:
        """For the person's interface."""
        return {
            "at": self.at, "method": self.method, "chat_id": self.chat_id,
            "params": self.params, "code": self.code, "answer": self.answer,
        }  # fmt: skip


class Calls:
    """The calls so far, oldest first; polling is left out unless asked for."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self.total = 0

    def add(self, call: Call) -> None:
        """Remember a call."""
        self.total += 1
        self._calls.append(call)

    def clear(self) -> None:
        """Forget all."""
        self._calls.clear()

    def of(self, *methods: str) -> list[Call]:
        """The calls of these methods, in any case."""
        wanted = {name.lower() for name in methods}
        return [call for call in self._calls if call.method.lower() in wanted]

    def __iter__(self) -> Iterator[Call]:
        return iter([call for call in self._calls if call.method.lower() != "getupdates"])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, index: int) -> Call:
        return list(self)[index]
