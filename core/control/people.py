"""Who may talk to Leadhand, where, and in which language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.control.loop import Control
from core.control.work import Work
from core.model import ChatId, Json, Notice, User, UserId
from core.states import NoticeKind, Priority, Role


class People:
    """Paired users and allowed groups."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._store = control.store

    async def get(self, user: UserId) -> User | None:
        """Return a paired person."""
        return await self._store.read(lambda tx: tx.users.get(user))

    async def everybody(self) -> Sequence[User]:
        """Return everybody who is paired."""
        return await self._store.read(lambda tx: list(tx.users.all()))

    async def pair(self, user: UserId, name: str, role: Role) -> User:
        """Pair a person, or bring the name up to date; a role that was given stays."""

        def rule(work: Work) -> User:
            known = work.tx.users.get(user)
            row = replace(known, name=name) if known else User(user, name, role)
            if row != known:
                work.tx.users.put(row)
                work.audit(user, None, "user.pair", row.role)
            return row

        return await self._control.decide(rule)

    async def speak(self, user: UserId, locale: str) -> None:
        """Remember a person's language."""

        def rule(work: Work) -> None:
            known = work.tx.users.get(user)
            if known is not None:
                work.tx.users.put(replace(known, locale=locale))

        await self._control.decide(rule)

    async def allow_chat(self, chat: ChatId, by: UserId) -> None:
        """Let a group be talked in."""

        def rule(work: Work) -> None:
            work.tx.users.allow_chat(chat, by)
            work.audit(by, None, "chat.allow", str(chat))

        await self._control.decide(rule)

    async def chat_allowed(self, chat: ChatId) -> bool:
        """Tell whether a group was allowed."""
        return await self._store.read(lambda tx: tx.users.chat_allowed(chat))

    async def reply(self, key: str, chat: ChatId, thread: int | None, data: Json) -> Notice:
        """Store an answer of the bot to somebody, once by its key."""

        def rule(work: Work) -> Notice:
            known = work.tx.outbox.by_key(key)
            if known is not None:
                return known
            work.notified = True
            return work.tx.outbox.put(
                key, NoticeKind.REPLY, chat, thread, None, data, Priority.ESSENTIAL, work.now
            )

        return await self._control.decide(rule)
