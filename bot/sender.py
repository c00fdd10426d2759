"""Carries one notice to Telegram: its pages and document, and later its edits.

Every message id is stored before the next call is made, so that a crash goes on where it was.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from telegram import ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.message import Message
from bot.refusals import Refusal, refusal
from bot.text.pages import pages
from bot.text.rich import verbatim
from bot.text.telegram_entities import telegram_entities
from bot.topics import TopicMarks, Topics
from core.model import Notice
from core.states import NoticeKind, Priority

log = logging.getLogger(__name__)

DECISIONS = frozenset(
    {
        NoticeKind.PLAN,
        NoticeKind.QUESTION,
        NoticeKind.PERMISSION,
        NoticeKind.BRANCH,
        NoticeKind.CONFIRM_DISCARD,
        NoticeKind.FEEDBACK,
    }
)
TEXT_UNITS = 4096
PLACEHOLDER_LENGTH = 64
REMEMBERED = 4096
MOST_MESSAGES = 16  # for a document that has to go as text
EDIT_TIMEOUT_S = 8.0  # an edit may be repeated, so a slow one need not hold up a decision for long


class Marks(TopicMarks, Protocol):
    """What is stored while a notice is on its way."""

    async def progress(self, notice: Notice, parts: Sequence[int]) -> None:
        """Remember the messages a notice has so far."""
        ...


@dataclass(slots=True)
class Trip:
    """One notice under way. `row` always holds what has been delivered so far."""

    row: Notice
    message: Message
    plain: bool = False  # Telegram did not take the entities: words only
    doubtful: bool = False  # a new message was asked for, and no answer came

    @property
    def last(self) -> int:
        """Position of the page with the buttons."""
        return len(self.message.pages) - 1

    def texts(self) -> list[int]:
        """Return the ids of the pages; a document stands before the last one."""
        parts = list(self.row.parts)
        return parts[:-2] + parts[-1:] if self._with_document() else parts

    def set_texts(self, texts: list[int]) -> None:
        """Replace the ids of the pages."""
        document = list(self.row.parts[-2:-1]) if self._with_document() else []
        self.row = replace(self.row, parts=(*texts[:-1], *document, *texts[-1:]))

    def complete(self) -> bool:
        """Tell whether nothing has to be sent for the first time any more."""
        parts = len(self.row.parts)
        return parts > 0 and (self.row.shown > 0 or parts > self.last + bool(self.message.document))

    def _with_document(self) -> bool:
        return self.message.document is not None and self.complete() and len(self.row.parts) > 1


class Sender:
    """Brings notices to Telegram. Errors it cannot answer are raised; the trip tells how far it got."""

    def __init__(self, bot: ExtBot[Priority], marks: Marks) -> None:
        self._bot = bot
        self._marks = marks
        self._topics = Topics(bot, marks)
        self._seen: dict[tuple[int, int], int] = {}  # what a message shows, as a hash

    async def carry(self, trip: Trip) -> None:
        """Send what has not been sent, or edit what has."""
        if trip.complete():
            await self._edit(trip)
        else:
            trip.row = await self._topics.find(trip.row)
            await self._send_pages(trip)
            await self._send_document(trip)

    # ---- new messages -----------------------------------------------------------------------------

    async def _send_pages(self, trip: Trip) -> None:
        texts = trip.texts()
        for index in range(len(texts), trip.last + 1):
            message = await self._new(trip, partial(self._send_page, trip, index))
            texts.append(message)
            trip.set_texts(texts)
            self._remember(trip, message, index)
            await self._marks.progress(trip.row, trip.row.parts)

    async def _send_document(self, trip: Trip) -> None:
        if trip.message.document is None or len(trip.row.parts) > trip.last + 1:
            return
        name, content = trip.message.document
        try:
            message = await self._new(trip, partial(self._send_file, trip, name, content))
        except TelegramError as error:
            if refusal(error) not in {Refusal.CONTENT, Refusal.NO_METHOD}:
                raise
            log.warning("Telegram did not take the document of %s, it goes as text: %s", trip.row.key, error)
            message = await self._send_as_text(trip, content.decode(errors="replace"))
        parts = trip.row.parts
        trip.row = replace(trip.row, parts=(*parts[:-1], message, *parts[-1:]))
        await self._marks.progress(trip.row, trip.row.parts)

    async def _send_page(self, trip: Trip, index: int) -> int:
        text, entities = _page(trip, index)
        sent = await self._bot.send_message(
            trip.row.chat,
            text,
            entities=entities or None,
            message_thread_id=trip.row.thread,
            disable_notification=trip.message.silent,
            reply_markup=_markup(trip) if index == trip.last else None,
            rate_limit_args=trip.row.priority,
        )
        return sent.message_id

    async def _send_file(self, trip: Trip, name: str, content: bytes) -> int:
        sent = await self._bot.send_document(
            trip.row.chat,
            content,
            filename=name,
            message_thread_id=trip.row.thread,
            disable_notification=True,
            disable_content_type_detection=True,
            rate_limit_args=trip.row.priority,
        )
        return sent.message_id

    async def _send_as_text(self, trip: Trip, text: str) -> int:
        """Send what a document would hold in messages; the first of them stands for the document."""
        sent = [
            await self._bot.send_message(
                trip.row.chat,
                page.text,
                entities=telegram_entities(page.entities) or None,
                message_thread_id=trip.row.thread,
                disable_notification=True,
                rate_limit_args=trip.row.priority,
            )
            for page in pages(verbatim(text))[:MOST_MESSAGES]
        ]
        return sent[0].message_id

    async def _new(self, trip: Trip, call: Callable[[], Awaitable[int]]) -> int:
        """Ask for a new message; answer the refusals that another try in another form can cure."""
        while True:  # ends: words only, another topic and no topic are each tried once
            try:
                return await call()
            except TelegramError as error:
                meaning = refusal(error)
                trip.doubtful = meaning is Refusal.DOUBTFUL
                if not await self._cure(trip, meaning, error):
                    raise

    async def _cure(self, trip: Trip, meaning: Refusal, error: TelegramError) -> bool:
        match meaning:
            case Refusal.CONTENT if not trip.plain:
                log.warning("Telegram refused the form of %s, words only now: %s", trip.row.key, error)
                trip.plain = True
            case Refusal.TOPIC_GONE if trip.row.thread is not None:
                trip.row = await self._topics.replace(trip.row)
            case Refusal.TOPIC_CLOSED if trip.row.thread is not None:
                trip.row = replace(trip.row, thread=None)
            case _:
                return False
        return True

    # ---- edits ------------------------------------------------------------------------------------

    async def _edit(self, trip: Trip) -> None:
        if trip.last < 0:
            return
        texts = trip.texts()
        surplus = texts[trip.last : -1]
        kept = texts[: trip.last] + texts[-1:] if surplus else texts
        known = len(kept) - 1
        for index in range(known):
            await self._change(trip, kept[index], index, only_if_known=True)
        if not await self._change(trip, kept[known], known):
            await self._send_anew(trip)
            return
        trip.set_texts(kept)
        for index in range(known + 1, trip.last + 1):
            message = await self._new(trip, partial(self._send_page, trip, index))
            kept.append(message)
            trip.set_texts(kept)
            self._remember(trip, message, index)
            await self._marks.progress(trip.row, trip.row.parts)
        await self._delete(trip, surplus)

    async def _send_anew(self, trip: Trip) -> None:
        """The message is gone. A decision that is still open must be seen; anything else may stay gone."""
        waiting = trip.message.buttons or trip.message.force_reply
        if trip.row.kind in DECISIONS and waiting:
            trip.row = replace(trip.row, parts=(), shown=0)
            await self._send_pages(trip)

    async def _change(self, trip: Trip, message: int, index: int, *, only_if_known: bool = False) -> bool:
        """Let a message show a page; False when it is gone. What it shows already costs no call."""
        shows = self._seen.get((trip.row.chat, message))
        if shows == _look(trip, index) or (shows is None and only_if_known):
            return True
        try:
            await self._edit_page(trip, message, index)
        except TelegramError as error:
            meaning = refusal(error)
            if meaning is Refusal.CONTENT and not trip.plain:
                trip.plain = True
                return await self._change(trip, message, index)
            if meaning is Refusal.GONE:
                return False
            if meaning is not Refusal.UNCHANGED:
                raise
        self._remember(trip, message, index)
        return True

    async def _edit_page(self, trip: Trip, message: int, index: int) -> None:
        text, entities = _page(trip, index)
        markup = _markup(trip) if index == trip.last else None
        await self._bot.edit_message_text(
            text,
            chat_id=trip.row.chat,
            message_id=message,
            entities=entities or None,
            reply_markup=markup if isinstance(markup, InlineKeyboardMarkup) else None,
            read_timeout=EDIT_TIMEOUT_S,
            rate_limit_args=trip.row.priority,
        )

    async def _delete(self, trip: Trip, messages: list[int]) -> None:
        for message in messages:
            try:
                await self._bot.delete_message(trip.row.chat, message)
            except TelegramError as error:
                log.info("a page of %s that is not needed any more stays: %s", trip.row.key, error)

    def _remember(self, trip: Trip, message: int, index: int) -> None:
        key = (trip.row.chat, message)
        self._seen.pop(key, None)
        self._seen[key] = _look(trip, index)
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]


def _page(trip: Trip, index: int) -> tuple[str, list[MessageEntity]]:
    page = trip.message.pages[index]
    if not trip.plain:
        return page.text, telegram_entities(page.entities)
    return page.text.encode("utf-16-le")[: TEXT_UNITS * 2].decode("utf-16-le", "ignore"), []


def _markup(trip: Trip) -> InlineKeyboardMarkup | ForceReply | None:
    if trip.message.force_reply is not None:
        place = trip.message.force_reply[:PLACEHOLDER_LENGTH] or None
        return ForceReply(selective=True, input_field_placeholder=place)
    if not trip.message.buttons:
        return None
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(b.text, callback_data=b.data, style=None if trip.plain else b.style)
                for b in row
            ]
            for row in trip.message.buttons
        ]
    )


def _look(trip: Trip, index: int) -> int:
    """A hash of what a page looks like, with the buttons under the last."""
    under = (trip.message.buttons, trip.message.force_reply) if index == trip.last else None
    return hash((trip.message.pages[index], under))
