"""The gate every update passes, and who may do what. Whatever is not known to be allowed is refused."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, Protocol

import telegram
from telegram.constants import ChatType
from telegram.error import TelegramError
from telegram.ext import Application, ApplicationHandlerStop, ContextTypes, TypeHandler

from bot.pairing import Outcome, redeem
from core.model import ChatId, User, UserId
from core.states import Role

log = logging.getLogger(__name__)

GATE_GROUP = -1
START = re.compile(r"/start(?:@\w+)?\s+(\S{4,64})\s*")
ALLOW = re.compile(r"/allow(?:@\w+)?\s*")
HOUR_S = 3600.0
MOST_REMEMBERED = 4096
MOST_REFUSALS = 60  # in an hour, to all strangers together

Action = Literal[
    "read", "launch", "say", "decide", "stop", "merge", "discard", "bypass", "settings", "allow", "pair"
]
_VIEWER: frozenset[Action] = frozenset({"read"})
_OPERATOR: frozenset[Action] = _VIEWER | {"launch", "say", "decide", "stop", "merge", "discard"}
_OWNER: frozenset[Action] = _OPERATOR | {"bypass", "settings", "allow", "pair"}
ALLOWED: dict[Role, frozenset[Action]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.OWNER: _OWNER,
}
_ANSWERS: dict[Outcome, str] = {
    "ok": "access-paired-owner",
    "wrong": "access-wrong-code",
    "expired": "access-code-expired",
    "locked": "access-code-expired",
    "none": "access-not-paired",
}


def may(role: Role | None, action: Action) -> bool:
    """Tell whether a role allows an action; no role allows nothing."""
    return role is not None and action in ALLOWED[role]


class PeoplePort(Protocol):
    """Who is paired, and which groups were allowed."""

    async def get(self, user: UserId) -> User | None:
        """Return a paired person."""
        ...

    async def pair(self, user: UserId, name: str, role: Role) -> User:
        """Pair a person."""
        ...

    async def chat_allowed(self, chat: ChatId) -> bool:
        """Tell whether a group was allowed."""
        ...


class Voice(Protocol):
    """How the gate answers: always with a text's key, in the language of the one it answers."""

    def toast(self, key: str, language: str | None) -> str:
        """Return the text that is shown over a button that was pressed."""
        ...

    async def say(self, update: telegram.Update, key: str) -> None:
        """Answer a message through the outbox."""
        ...


def person(update: telegram.Update) -> telegram.User | None:
    """Return who stands behind an update, if that is one human being speaking in their own name."""
    user = update.effective_user
    if user is None or user.is_bot:
        return None
    if update.my_chat_member is not None:
        return user
    if update.callback_query is not None:
        return user if update.callback_query.message is not None else None
    message = update.message  # edits, channel posts, guest and business messages are somewhere else
    if message is None or message.from_user is None:
        return None
    disguised = message.sender_chat or message.is_automatic_forward
    borrowed = message.forward_origin or message.via_bot
    return None if disguised or borrowed else user


class Gate:
    """Lets paired people pass, in private and in allowed groups, and nothing else."""

    def __init__(
        self,
        people: PeoplePort,
        voice: Voice,
        home: Path,
        *,
        owner: int | None = None,
        on_stranger: Callable[[telegram.Chat, telegram.User], Awaitable[None]] | None = None,
        on_migrated: Callable[[ChatId, ChatId], Awaitable[None]] | None = None,
    ) -> None:
        self._people = people
        self._voice = voice
        self._home = home
        self._owner = owner
        self._on_stranger = on_stranger
        self._on_migrated = on_migrated
        self._told: OrderedDict[int, float] = OrderedDict()  # when a stranger or a group was answered
        self._lobby: list[float] = []

    def install(self, app: Application) -> None:  # type: ignore[type-arg]
        """Stand in front of every handler."""
        app.add_handler(TypeHandler(telegram.Update, self.check, block=True), GATE_GROUP)

    async def role(self, user: telegram.User) -> Role | None:
        """Return a person's role. The owner of the configuration is paired at the first word."""
        known = await self._people.get(UserId(user.id))
        if user.id == self._owner and (known is None or known.role is not Role.OWNER):
            known = await self._people.pair(UserId(user.id), user.full_name, Role.OWNER)
            return Role.OWNER
        return known.role if known is not None else None

    async def check(self, update: telegram.Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Return for an update that may pass; everything else ends here."""
        await self._follow(update)
        user = person(update)
        if user is None or update.effective_chat is None:
            raise ApplicationHandlerStop
        role = await self.role(user)
        if update.my_chat_member is not None:
            passed = await self._membership(update.my_chat_member, user, role)
        elif update.callback_query is not None:
            passed = await self._press(update.callback_query, update.effective_chat, user, role)
        else:
            passed = await self._message(update, update.effective_chat, user, role)
        del context
        if not passed:
            raise ApplicationHandlerStop

    # ---- messages ---------------------------------------------------------------------------------

    async def _message(
        self, update: telegram.Update, chat: telegram.Chat, user: telegram.User, role: Role | None
    ) -> bool:
        text = (update.message and update.message.text) or ""
        if chat.type == ChatType.PRIVATE:
            if role is not None:
                return True
            await self._lobbyist(update, user, text)
            return False
        if chat.type not in {ChatType.GROUP, ChatType.SUPERGROUP}:
            return False
        if await self._people.chat_allowed(ChatId(chat.id)):
            if role is None and text.startswith("/"):
                await self._refuse(update, user.id, "access-not-paired")
            return role is not None
        if may(role, "allow") and ALLOW.fullmatch(text):
            return True
        if role is not None and text.startswith("/"):
            await self._refuse(update, chat.id, "access-not-paired-group")
        return False

    async def _lobbyist(self, update: telegram.Update, user: telegram.User, text: str) -> None:
        """A stranger in private: one with a code becomes the owner, anyone else hears one short refusal."""
        attempt = START.fullmatch(text)
        if attempt is None:
            await self._refuse(update, user.id, "access-not-paired")
            return
        outcome = await asyncio.to_thread(redeem, self._home, attempt[1])
        if outcome == "ok":
            await self._people.pair(UserId(user.id), user.full_name, Role.OWNER)
            log.warning("paired: user %d", user.id)
            await self._voice.say(update, _ANSWERS[outcome])
        else:
            await self._refuse(update, user.id, _ANSWERS[outcome])

    async def _refuse(self, update: telegram.Update, whom: int, key: str) -> None:
        """Answer once an hour, and never more than so many in an hour."""
        now = asyncio.get_running_loop().time()
        self._lobby = [at for at in self._lobby if now - at < HOUR_S]
        last = self._told.get(whom)
        if (last is not None and now - last < HOUR_S) or len(self._lobby) >= MOST_REFUSALS:
            return
        self._lobby.append(now)
        self._told[whom] = now
        self._told.move_to_end(whom)
        if len(self._told) > MOST_REMEMBERED:
            self._told.popitem(last=False)
        await self._voice.say(update, key)

    async def _follow(self, update: telegram.Update) -> None:
        """A group that became a supergroup has a new id. Telegram says so itself, whoever changed it."""
        message = update.message
        if message is None or message.migrate_to_chat_id is None or self._on_migrated is None:
            return
        if await self._people.chat_allowed(ChatId(message.chat.id)):
            await self._on_migrated(ChatId(message.chat.id), ChatId(message.migrate_to_chat_id))

    # ---- the rest ---------------------------------------------------------------------------------

    async def _press(
        self,
        query: telegram.CallbackQuery,
        chat: telegram.Chat,
        user: telegram.User,
        role: Role | None,
    ) -> bool:
        private = chat.type == ChatType.PRIVATE
        allowed = private or await self._people.chat_allowed(ChatId(chat.id))
        if role is not None and allowed:
            return True
        key = "access-not-paired" if role is None else "access-not-paired-group"
        try:
            await query.answer(self._voice.toast(key, user.language_code)[:200])
        except TelegramError as error:
            log.info("a refused press was not answered: %s", error)
        return False

    async def _membership(
        self, change: telegram.ChatMemberUpdated, user: telegram.User, role: Role | None
    ) -> bool:
        """A stranger who brings the bot into a chat sees it leave; paired people may."""
        present = change.new_chat_member.status not in {
            telegram.ChatMember.LEFT,
            telegram.ChatMember.BANNED,
        }
        if role is not None:
            return True
        if not present or change.chat.type == ChatType.PRIVATE:
            return False
        if await self._people.chat_allowed(ChatId(change.chat.id)):
            return False  # somebody else's admin changed the bot's rights there
        log.warning("user %d brought the bot into chat %d: leaving", user.id, change.chat.id)
        try:
            await change.get_bot().leave_chat(change.chat.id)
        except TelegramError as error:
            log.warning("chat %d cannot be left: %s", change.chat.id, error)
        if self._on_stranger is not None:
            await self._on_stranger(change.chat, user)
        return False
