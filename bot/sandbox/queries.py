"""Button presses that wait for answerCallbackQuery; an answer counts once and only while it is fresh."""

import asyncio
import itertools
from dataclasses import dataclass

from bot.sandbox.clock import Clock
from bot.sandbox.errors import QUERY_TOO_OLD, bad

LIFE = 60.0
FIRST = 4_400_000_000_000_001
KEPT = 1000


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """What answerCallbackQuery said."""

    text: str = ""
    alert: bool = False
    url: str = ""


@dataclass(slots=True)
class _Open:
    born: float
    bot_id: int
    answer: asyncio.Future[QueryAnswer]


class Queries:
    """Open callback queries by id."""

    def __init__(self, clock: Clock) -> None:
        self.life = LIFE
        self._clock = clock
        self._ids = itertools.count(FIRST)
        self._open: dict[str, _Open] = {}

    def ask(self, bot_id: int) -> tuple[str, asyncio.Future[QueryAnswer]]:
        """A new query and the future of its answer."""
        answer: asyncio.Future[QueryAnswer] = asyncio.get_running_loop().create_future()
        query_id = str(next(self._ids))
        self._open[query_id] = _Open(self._clock.now(), bot_id, answer)
        while len(self._open) > KEPT:
            self._open.pop(next(iter(self._open)))
        return query_id, answer

    def answer(self, query_id: str, bot_id: int, answer: QueryAnswer) -> None:
        """Answer a query, or refuse as Telegram does."""
        query = self._open.get(query_id)
        if query is None or query.bot_id != bot_id or self._clock.now() - query.born > self.life:
            raise bad(QUERY_TOO_OLD)
        del self._open[query_id]
        if not query.answer.done():
            query.answer.set_result(answer)
