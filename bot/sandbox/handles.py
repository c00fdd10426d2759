"""What tests hold: persons, rooms and notes (messages), with waits that show the chat when they fail."""

import asyncio
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from bot.sandbox.params import Upload
from bot.sandbox.records import Chat, Json, Message, Status, Topic, User
from bot.sandbox.transcript import transcript

if TYPE_CHECKING:
    from bot.sandbox.stage import Sandbox

PATIENCE = 5.0
T = TypeVar("T")
Match = str | re.Pattern[str]


class NotSeenError(AssertionError):
    """Something awaited did not come; the message shows the chat."""


class StillSpinningError(AssertionError):
    """A press was never answered with answerCallbackQuery."""


class Toast(str):  # noqa: SLOT000 - three attributes beside the text
    """The text of an answer to a press, with what else it said."""

    alert: bool
    url: str
    copied: str

    def __new__(cls, text: str, *, alert: bool = False, url: str = "", copied: str = "") -> "Toast":
        """A string that remembers whether it was an alert."""
        self = super().__new__(cls, text)
        self.alert, self.url, self.copied = alert, url, copied
        return self


class Person:
    """Somebody who uses Telegram."""

    def __init__(self, sandbox: "Sandbox", user: User) -> None:
        self._sandbox = sandbox
        self.user = user

    @property
    def id(self) -> int:
        """The user id."""
        return self.user.id

    @property
    def name(self) -> str:
        """The first name."""
        return self.user.first_name

    def private(self, *, topics: bool | None = None) -> "Room":
        """The private chat with the sandbox's first bot; `topics` switches its topics."""
        bot = self._sandbox.bot
        if topics is not None:
            bot.topics = topics
        chat = self._sandbox.world.private(bot, self.user)
        chat.forum = bot.topics
        return Room(self._sandbox, chat)


class Room:
    """A chat as seen by the persons in it."""

    def __init__(self, sandbox: "Sandbox", chat: Chat) -> None:
        self._sandbox = sandbox
        self.chat = chat

    @property
    def id(self) -> int:
        """The chat id bots use."""
        return self.chat.id

    @property
    def messages(self) -> list["Note"]:
        """All messages that were not deleted, oldest first."""
        return [Note(self, message) for message in self.chat.messages.values()]

    @property
    def last(self) -> "Note":
        """The newest message."""
        return self.messages[-1]

    @property
    def topics(self) -> dict[str, Topic]:
        """Topics by name."""
        return {topic.name: topic for topic in self.chat.topics.values()}

    @property
    def pinned(self) -> list["Note"]:
        """The pinned messages."""
        return [Note(self, self.chat.messages[pin]) for pin in self.chat.pinned]

    @property
    def draft(self) -> str:
        """The text of the live draft outside topics; empty without one."""
        draft = self.chat.drafts.get(0)
        return str(draft["text"]) if draft and draft["until"] > self._sandbox.clock.now() else ""

    @property
    def transcript(self) -> str:
        """The chat as text, for error messages."""
        return transcript(self.chat)

    def user(self, who: Person | None) -> User:
        """Who acts: the one named, else the first person here."""
        return who.user if who else self.chat.people()[0]

    async def say(
        self, text: str, *, as_: Person | None = None, reply_to: "Note | None" = None, topic: Topic | int = 0
    ) -> "Note":
        """Write a message; gives the last one when the text was split."""
        people = self._sandbox.people
        target = reply_to.message if reply_to else None
        sent = people.say(self.chat, self.user(as_), text, topic=_topic_id(topic), reply_to=target)
        await asyncio.sleep(0)
        return Note(self, sent[-1])

    async def upload(
        self, name: str, data: bytes, *, as_: Person | None = None, mime: str = "application/octet-stream",
        caption: str = "", kind: str = "document", topic: Topic | int = 0, reply_to: "Note | None" = None,
    ) -> "Note":  # fmt: skip
        """Send a file, photo or voice message."""
        target = reply_to.message if reply_to else None
        sent = self._sandbox.people.upload(
            self.chat, self.user(as_), Upload(name, mime, data), caption=caption, kind=kind,
            topic=_topic_id(topic), reply_to=target,
        )  # fmt: skip
        await asyncio.sleep(0)
        return Note(self, sent)

    async def forward(self, note: "Note", *, as_: Person | None = None) -> "Note":
        """Forward a message into this chat."""
        return Note(self, self._sandbox.people.forward(self.chat, self.user(as_), note.message))

    async def wait(
        self, text: Match | None = None, *, timeout: float = PATIENCE, after: "Note | None" = None,
        topic: Topic | int | None = None, button: str | None = None, by: Person | None = None,
    ) -> "Note":  # fmt: skip
        """The newest fitting message of a bot (or of `by`), new or edited since `after` was taken."""
        seen = after.seen if after else 0
        wanted = _topic_id(topic) if topic is not None else None

        def fits(message: Message) -> bool:
            right_sender = message.sender.id == by.id if by else message.sender.is_bot
            return (
                message.change > seen
                and right_sender
                and (not message.service or by is not None)
                and (wanted is None or (message.thread if message.in_topic else 0) == wanted)
                and (text is None or _matches(message.text, text))
                and (button is None or button in _labels(message))
            )

        what = f"message with {text!r}" + (f" and button {button!r}" if button else "")
        return await self.until(lambda: self._newest(fits), what=what, timeout=timeout)

    def _newest(self, fits: Callable[[Message], bool]) -> "Note | None":
        found = [message for message in self.chat.messages.values() if fits(message)]
        return Note(self, max(found, key=lambda m: m.change)) if found else None

    async def until(self, check: Callable[[], T | None], *, what: str, timeout: float = PATIENCE) -> T:
        """Wait until `check` gives something."""
        try:
            return await self._sandbox.until(check, timeout=timeout)
        except TimeoutError:
            raise NotSeenError(f"no {what} within {timeout} s in\n{self.transcript}") from None

    def tips(self, *texts: str) -> None:
        """What the page offers to say, until something else was said."""
        self.chat.tips = texts

    # membership

    def _set(self, user: User, status: Status, *, rights: bool | set[str] = False) -> None:
        by = self.chat.people()[0] if self.chat.people() else user
        self._sandbox.people.set_status(self.chat, user, status, by, rights=rights)

    def add(self, *people: Person) -> None:
        """Persons join."""
        for person in people:
            self._set(person.user, "member")

    def remove(self, *people: Person) -> None:
        """Persons are removed."""
        for person in people:
            self._set(person.user, "kicked")

    def add_bot(self, *, admin: bool | set[str] = False) -> None:
        """The bot is added, or its rights are changed."""
        self._set(self._sandbox.bot.user, "administrator" if admin else "member", rights=admin)

    def kick_bot(self) -> None:
        """The bot is removed and banned."""
        self._set(self._sandbox.bot.user, "kicked")

    def block(self) -> None:
        """The person of a private chat blocks the bot."""
        self._set(self._sandbox.bot.user, "kicked")

    def unblock(self) -> None:
        """The person of a private chat unblocks the bot."""
        self._set(self._sandbox.bot.user, "member")

    def migrate(self, *, forum: bool = False) -> "Room":
        """A basic group becomes a supergroup with a new id."""
        return Room(self._sandbox, self._sandbox.world.migrate(self.chat, forum=forum))

    def open_topic(self, name: str, *, as_: Person | None = None) -> Topic:
        """A person opens a topic."""
        return self._sandbox.people.add_topic(self.chat, self.user(as_), name)


class Note:
    """A message; its properties always show the present state, `seen` the moment it was taken."""

    def __init__(self, room: Room, message: Message) -> None:
        self.room = room
        self.message = message
        self.seen = message.change

    def __repr__(self) -> str:
        return f"<Note {self.id} {self.text[:60]!r}>"

    @property
    def id(self) -> int:
        """The message id."""
        return self.message.id

    @property
    def text(self) -> str:
        """Text or caption."""
        return self.message.text

    @property
    def entities(self) -> list[Json]:
        """The entities of text or caption."""
        body = self.message.body
        found: list[Json] = body.get("entities") or body.get("caption_entities") or []
        return found

    @property
    def keyboard(self) -> list[list[Json]]:
        """The inline keyboard, row by row."""
        rows: list[list[Json]] = (self.message.markup or {}).get("inline_keyboard", [])
        return rows

    @property
    def buttons(self) -> list[str]:
        """The labels of all buttons."""
        return _labels(self.message)

    @property
    def prompt(self) -> Json | None:
        """ForceReply or a reply keyboard that came with the message."""
        return self.message.prompt

    @property
    def topic(self) -> int:
        """The topic's id; 0 outside topics."""
        return self.message.thread if self.message.in_topic else 0

    @property
    def edited(self) -> bool:
        """Whether its text was changed."""
        return bool(self.message.edited)

    @property
    def deleted(self) -> bool:
        """Whether it is gone."""
        return self.message.deleted

    @property
    def file(self) -> bytes:
        """The bytes of the attached file."""
        body = self.message.body
        media: Any = next(body[kind] for kind in ("document", "photo", "voice", "video") if kind in body)
        file_id = (media[-1] if isinstance(media, list) else media)["file_id"]
        return self.room._sandbox.world.files.by_id[file_id].data  # noqa: SLF001 - one unit with Room

    async def press(
        self, label: str = "", *, as_: Person | None = None, data: str = "", timeout: float = PATIENCE
    ) -> Toast:
        """Press a button and wait for the bot's answer; `data` sends forged data instead."""
        people, user = self.room._sandbox.people, self.room.user(as_)  # noqa: SLF001
        try:
            done = await people.press(self.message, user, button=label, data=data, wait=timeout)
        except TimeoutError:
            name = label or data
            text = f"{name!r} still spinning after {timeout} s in\n{self.room.transcript}"
            raise StillSpinningError(text) from None
        return Toast(done.text, alert=done.alert, url=done.url, copied=done.copied)

    async def reply(self, text: str, *, as_: Person | None = None) -> "Note":
        """Reply to this message."""
        return await self.room.say(text, as_=as_, reply_to=self)

    async def edit(self, text: str) -> None:
        """The sender changes the text."""
        self.room._sandbox.people.edit(self.message, self.message.sender, text)  # noqa: SLF001
        await asyncio.sleep(0)

    async def react(self, emoji: str, *, as_: Person | None = None) -> None:
        """React with an emoji."""
        self.room._sandbox.people.react(self.message, self.room.user(as_), emoji)  # noqa: SLF001
        await asyncio.sleep(0)

    async def changed(self, text: Match | None = None, *, timeout: float = PATIENCE) -> "Note":
        """Wait until this very message is changed (and fits)."""

        def check() -> Note | None:
            fits = self.message.change > self.seen and (text is None or _matches(self.text, text))
            return Note(self.room, self.message) if fits else None

        return await self.room.until(check, what=f"change of {self!r} to {text!r}", timeout=timeout)


def _topic_id(topic: Topic | int) -> int:
    return topic if isinstance(topic, int) else topic.id


def _labels(message: Message) -> list[str]:
    rows: Iterable[list[Json]] = (message.markup or {}).get("inline_keyboard", [])
    return [str(button["text"]) for row in rows for button in row]


def _matches(text: str, wanted: Match) -> bool:
    return wanted in text if isinstance(wanted, str) else wanted.search(text) is not None
