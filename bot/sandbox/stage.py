"""The sandbox as one object: a world, its Bot API, its people; in process, and over HTTP when asked."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Self, TypeVar

from bot.sandbox.api import Api
from bot.sandbox.calls import Call, Calls
from bot.sandbox.clock import Clock
from bot.sandbox.faults import Drop, Fault
from bot.sandbox.handles import PATIENCE, NotSeenError, Person, Room
from bot.sandbox.limits import Limits, Rates
from bot.sandbox.people import People
from bot.sandbox.records import Member
from bot.sandbox.world import World, admin_rights

if TYPE_CHECKING:
    from bot.sandbox.request import SandboxRequest
    from bot.sandbox.server import Server

T = TypeVar("T")


class Sandbox:
    """A local Telegram. Use it as an async context manager."""

    def __init__(
        self, *, name: str = "Leadhand", username: str = "leadhand_bot", token: str = "",
        limits: bool = False, rates: Rates | None = None, privacy: bool = True, private_topics: bool = False,
    ) -> None:  # fmt: skip
        self.world = World()
        self.api = Api(self.world, Limits(self.world.clock, rates, on=limits))
        self.people = People(self.world)
        self.bot = self.world.add_bot(name, username, token=token, privacy=privacy)
        self.bot.topics = private_topics
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End polls, pushes and the server."""
        for bot in self.world.bots.values():
            bot.queue.interrupt(None)
        await self.world.pushers.close()
        await self.api.close()
        if self._server:
            await self._server.close()
            self._server = None

    # in process

    @property
    def token(self) -> str:
        """The token of the first bot."""
        return self.bot.token

    @property
    def clock(self) -> Clock:
        """The sandbox's clock."""
        return self.world.clock

    @property
    def calls(self) -> Calls:
        """Every Bot API call so far."""
        return self.api.calls

    @property
    def limits(self) -> Limits:
        """The flood limits."""
        return self.api.limits

    def request(self) -> "SandboxRequest":
        """A request object for python-telegram-bot that needs no socket."""
        from bot.sandbox.request import SandboxRequest

        return SandboxRequest(self)

    def user(self, name: str, *, language: str = "en", user_id: int = 0) -> Person:
        """A new person."""
        return Person(self, self.world.add_user(name, language=language, user_id=user_id))

    def group(
        self, title: str, members: list[Person], *, forum: bool = False, supergroup: bool = False,
        bot: bool = True, bot_admin: bool | set[str] = False,
    ) -> Room:  # fmt: skip
        """A new group, owned by its first member, with the bot in it unless `bot` is off."""
        users = [person.user for person in members]
        chat = self.world.group(title, users, forum=forum, supergroup=supergroup)
        if bot:
            rights = admin_rights(bot_admin)
            me = self.bot.user
            chat.members[me.id] = Member(me, "administrator" if bot_admin else "member", rights)
        return Room(self, chat)

    def fault(
        self, method: str = "", *, code: int = 0, text: str = "", retry_after: int = 0, drop: Drop = "",
        delay: float = 0.0, body: str = "", times: int | None = 1, chat: Room | int = 0,
    ) -> Fault:  # fmt: skip
        """Arm a fault for the next `times` calls (None: until cleared) of a method, in one chat or in all."""
        chat_id = chat if isinstance(chat, int) else chat.id
        if retry_after and not code:
            code = 429
        fault = Fault(method.lower(), chat_id, code, text, retry_after, drop, delay, body, times)
        return self.api.faults.add(fault)

    async def until(self, check: Callable[[], T | None], *, timeout: float = PATIENCE) -> T:
        """Wait until `check` gives something; it is asked again after every change."""
        async with asyncio.timeout(timeout):
            while (found := check()) is None:
                await self.world.feed.pulse()
        return found

    async def wait_call(
        self,
        method: str,
        *,
        count: int = 1,
        timeout: float = PATIENCE,
        where: Callable[[Call], bool] | None = None,
    ) -> Call:
        """Wait until a method was called (`count` times); gives the last of them."""

        def check() -> Call | None:
            found = [call for call in self.calls.of(method) if where is None or where(call)]
            return found[count - 1] if len(found) >= count else None

        try:
            return await self.until(check, timeout=timeout)
        except TimeoutError:
            seen = ", ".join(call.method for call in self.calls) or "nothing"
            raise NotSeenError(f"{method} not called {count} × within {timeout} s; called: {seen}") from None

    def reset(self) -> None:
        """Forget messages, topics, calls, faults and pending updates; people, chats and bots stay."""
        for chat in self.world.chats():
            for part in (chat.messages, chat.topics, chat.pinned, chat.drafts, chat.actions):
                part.clear()
        for bot in self.world.bots.values():
            bot.queue.pending.clear()
        self.api.faults.clear()
        self.api.calls.clear()
        self.limits.reset()
        self.world.feed.emit("reset")

    # over HTTP

    async def serve(self, port: int = 0, *, key: str = "") -> "Server":
        """Listen on 127.0.0.1; `url` and `page_url` are known from then on."""
        from bot.sandbox.server import Server

        self._server = Server(self, key=key)
        await self._server.start(port)
        return self._server

    @property
    def server(self) -> "Server":
        """The running server."""
        if self._server is None:
            raise RuntimeError("the sandbox does not serve; call serve() first")
        return self._server

    @property
    def url(self) -> str:
        """The Bot API's base: `<base>/bot<token>/<method>`."""
        return self.server.url

    @property
    def page_url(self) -> str:
        """The chat page with its key."""
        return self.server.page_url
