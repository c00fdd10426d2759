"""Faults on demand: the next calls of a method fail, are dropped before or after they count, or are late."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from bot.sandbox.errors import CONFLICT, TERMINATED_BY_POLL, TOO_MANY, ApiError, flood

Drop = Literal["", "before", "after"]


@dataclass(slots=True, eq=False)
class Fault:
    """One fault; `times` None means until it is cleared."""

    method: str = ""  # lower-cased; empty means every method
    chat_id: int = 0  # 0 means every chat
    code: int = 0
    text: str = ""
    retry_after: int = 0
    drop: Drop = ""
    delay: float = 0.0
    body: str = ""  # answered raw instead of JSON, as a broken proxy would
    times: int | None = 1
    hits: int = 0

    def fits(self, method: str, chat_id: int) -> bool:
        """Whether this call is the one to fail."""
        return self.method in {"", method} and self.chat_id in {0, chat_id} and self.times != 0

    def use(self) -> None:
        """Count one hit."""
        self.hits += 1
        if self.times is not None:
            self.times -= 1

    def clear(self) -> None:
        """End the fault."""
        self.times = 0

    def error(self) -> ApiError | None:
        """The refusal it answers with, if it does."""
        if not self.code:
            return None
        if self.code == TOO_MANY and not self.text:
            return flood(self.retry_after or 1)
        return ApiError(self.code, self.text or _words(self.code), **self._parameters())

    def _parameters(self) -> dict[str, int]:
        return {"retry_after": self.retry_after} if self.retry_after else {}


def _words(code: int) -> str:
    if code == CONFLICT:
        return TERMINATED_BY_POLL
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return "Internal Server Error"


class Faults:
    """All faults in the order they were asked for."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Arm a fault."""
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """End all faults."""
        for fault in self._faults:
            fault.clear()
        self._faults.clear()

    def take(self, method: str, chat_id: int) -> Fault | None:
        """The fault for this call, counted; getUpdates is hit only when it is named."""
        for fault in self._faults:
            if fault.fits(method, chat_id) and (fault.method or method != "getupdates"):
                fault.use()
                if fault.times == 0:
                    self._faults.remove(fault)
                return fault
        return None
