"""One Bot API call from token to answer: method, faults, limits, effect, log.

HTTP server and in-process client both come through here, so they cannot differ.
"""

import asyncio
import inspect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.sandbox.account import Bot
from bot.sandbox.calls import Call, Calls
from bot.sandbox.context import Ctx
from bot.sandbox.errors import NOT_FOUND, UNAUTHORIZED, ApiError, DroppedError
from bot.sandbox.faults import Fault, Faults
from bot.sandbox.limits import Limits
from bot.sandbox.methods import TABLE
from bot.sandbox.params import Params

if TYPE_CHECKING:
    from bot.sandbox.world import World

TOKEN = re.compile(r"\d+:[\w-]+", re.ASCII)
OK = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """Status code and JSON body; `raw` replaces the body when a fault says so."""

    code: int
    body: dict[str, Any]
    raw: str = ""


class Api:
    """Answers calls."""

    def __init__(self, world: "World", limits: Limits) -> None:
        self.world = world
        self.limits = limits
        self.faults = Faults()
        self.calls = Calls()
        self._late: set[asyncio.Task[Answer]] = set()

    def bot(self, token: str) -> Bot:
        """Whose token it is; 404 for nonsense, 401 for an unknown one."""
        bot = self.world.tokens.get(token)
        if bot is None:
            if TOKEN.fullmatch(token):
                raise ApiError(UNAUTHORIZED, "Unauthorized")
            raise ApiError(NOT_FOUND, "Not Found")
        return bot

    async def call(self, token: str, method: str, params: Params) -> Answer:
        """Answer one call, or drop the connection."""
        try:
            bot = self.bot(token)
            if method.lower() not in TABLE:
                raise ApiError(NOT_FOUND, "Not Found")
        except ApiError as error:
            return Answer(error.code, error.body())
        chat_id = _chat_id(params)
        fault = self.faults.take(method.lower(), chat_id)
        if fault and fault.delay:
            # the call goes on when the client gives up waiting, as on the real server
            task = asyncio.create_task(self._delayed(bot, method, params, chat_id, fault))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
            return await asyncio.shield(task)
        return await self._answer(bot, method, params, chat_id, fault)

    async def _delayed(self, bot: Bot, method: str, params: Params, chat_id: int, fault: Fault) -> Answer:
        await asyncio.sleep(fault.delay)
        return await self._answer(bot, method, params, chat_id, fault)

    async def _answer(
        self, bot: Bot, method: str, params: Params, chat_id: int, fault: Fault | None
    ) -> Answer:
        def log(code: int, body: dict[str, Any]) -> None:
            self._log(Call(at, method, bot.id, chat_id, params, code, body))

        at = self.world.clock.now()
        if fault and fault.drop == "before":
            log(0, {})
            raise DroppedError(after=False)
        try:
            if fault and (error := fault.error()):
                raise error
            self.limits.check(bot.id, method.lower(), chat_id)
            result = TABLE[method.lower()](Ctx(self.world, bot, params))
            if inspect.isawaitable(result):
                result = await result
            answer = Answer(OK, {"ok": True, "result": result})
        except ApiError as error:
            answer = Answer(error.code, error.body(), fault.body if fault else "")
        if fault and fault.drop == "after":
            log(0, answer.body)
            raise DroppedError(after=True)
        log(answer.code, answer.body)
        return answer

    def _log(self, call: Call) -> None:
        self.calls.add(call)
        self.world.feed.emit("call", data={"method": call.method, "code": call.code})

    async def close(self) -> None:
        """Let late calls go."""
        for task in list(self._late):
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)


def _chat_id(params: Params) -> int:
    text = params.text("chat_id")
    return int(text) if text.removeprefix("-").isdigit() else 0
