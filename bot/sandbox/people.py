"""What persons do: write, press, edit, react, upload, join, leave; tests and page both act through here."""

import asyncio
from dataclasses import dataclass

from bot.sandbox.entities import automatic, width
from bot.sandbox.methods.messages import forwarded
from bot.sandbox.params import Upload
from bot.sandbox.queries import QueryAnswer
from bot.sandbox.records import PRESENT, TOPIC_COLORS, Chat, Json, Member, Message, Status, Topic, User
from bot.sandbox.storage import image_type, media_body
from bot.sandbox.world import World, admin_rights

MAX_TEXT = 4096
SPIN = 10.0


class RefusedError(Exception):
    """The person's client would not let them do that."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """What pressing a button did: the bot's answer, or what the client did by itself."""

    text: str = ""
    alert: bool = False
    url: str = ""
    copied: str = ""


class People:
    """Actions of persons in the world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def say(
        self, chat: Chat, user: User, text: str, *, topic: int = 0, reply_to: Message | None = None
    ) -> list[Message]:
        """Write; a long text becomes several messages, as clients do it."""
        self._present(chat, user)
        if not text.strip():
            raise RefusedError("a message needs some text")
        topic = self._topic(chat, user, topic, reply_to)
        return [
            self.world.post(chat, user, _text_body(part), topic=topic, reply_to=reply_to)
            for part in pieces(text)
        ]

    def upload(
        self, chat: Chat, user: User, file: Upload, *, caption: str = "", topic: int = 0, kind: str = "",
        reply_to: Message | None = None,
    ) -> Message:  # fmt: skip
        """Send a file; pictures go as photos only when asked."""
        self._present(chat, user)
        kind = kind or "document"
        if kind == "photo" and not image_type(file.data):
            raise RefusedError("this is no picture")
        stored = self.world.store(file.name, file.mime, file.data, kind + "s")
        body = media_body(kind, stored)
        if caption:
            body |= {"caption": caption}
            if entities := automatic(caption, []):
                body["caption_entities"] = entities
        topic = self._topic(chat, user, topic, reply_to)
        return self.world.post(chat, user, body, topic=topic, reply_to=reply_to)

    def forward(self, chat: Chat, user: User, source: Message) -> Message:
        """Forward a message."""
        self._present(chat, user)
        return self.world.post(chat, user, forwarded(source))

    def edit(self, message: Message, user: User, text: str) -> None:
        """Change one's own message."""
        if message.sender.id != user.id or "text" not in message.body:
            raise RefusedError("only one's own text messages can be edited")
        message.body = _text_body(text)
        self.world.edit(message)

    def delete(self, message: Message) -> None:
        """Delete a message; bots are not told, as in Telegram."""
        self.world.remove(message)

    async def press(
        self, message: Message, user: User, *, button: str = "", data: str = "", wait: float = SPIN
    ) -> Pressed:
        """Press a button by its label, or send any data, as modified clients can."""
        self._present(message.chat, user)
        found = find_button(message, button) if button else None
        if found and "callback_data" not in found:
            return _by_client(found)
        data = str(found["callback_data"]) if found else data
        bot = self.world.bots.get(message.sender.id)
        if bot is None:
            raise RefusedError("only messages of bots have buttons")
        query_id, answer = self.world.queries.ask(bot.id)
        query: Json = {
            "id": query_id,
            "from": user.json(),
            "message": message.json(),
            "chat_instance": str(abs(hash(message.chat.key))),
            "data": data,
        }
        bot.queue.put("callback_query", query)
        self.world.feed.emit("press", message.chat.key, message.id)
        return _shown(await asyncio.wait_for(answer, wait))

    def react(self, message: Message, user: User, emoji: str) -> None:
        """React with one emoji, or take it back with none."""
        old = message.reactions.get(user.id, [])
        new: list[Json] = [{"type": "emoji", "emoji": emoji}] if emoji else []
        message.reactions[user.id] = new
        message.change = self.world.feed.emit("message", message.chat.key, message.id)
        for bot in self.world.bots_in(message.chat):
            chat = message.chat
            if chat.private or chat.members[bot.id].status == "administrator":
                payload = {
                    "chat": chat.json(), "message_id": message.id, "user": user.json(),
                    "date": self.world.clock.stamp(), "old_reaction": old, "new_reaction": new,
                }  # fmt: skip
                bot.queue.put("message_reaction", payload)

    def add_topic(self, chat: Chat, user: User, name: str) -> Topic:
        """Open a topic."""
        self._present(chat, user)
        if not chat.forum:
            raise RefusedError("this chat has no topics")
        return self.world.add_topic(chat, user, name, TOPIC_COLORS[len(chat.topics) % len(TOPIC_COLORS)])

    def set_status(
        self, chat: Chat, user: User, status: Status, by: User, *, rights: bool | set[str] = False
    ) -> None:
        """Add, remove, promote, demote, block: somebody's new standing and the messages it causes."""
        was = chat.members.get(user.id)
        here = was is not None and was.present
        self.world.set_member(chat, user, Member(user, status, admin_rights(rights)), by)
        if chat.private:
            return
        if not here and status in PRESENT:
            self.world.service(chat, by, {"new_chat_members": [user.json()]})
        elif here and status not in PRESENT:
            self.world.service(chat, by, {"left_chat_member": user.json()})

    @staticmethod
    def _present(chat: Chat, user: User) -> None:
        member = chat.members.get(user.id)
        if member is None or not member.present:
            raise RefusedError(f"{user.first_name} is not in this chat")

    @staticmethod
    def _topic(chat: Chat, user: User, topic: int, reply_to: Message | None) -> int:
        topic = topic or (reply_to.thread if reply_to and reply_to.in_topic else 0)
        if topic and topic not in chat.topics:
            raise RefusedError("this topic is gone")
        if topic and chat.topics[topic].closed and not chat.members[user.id].may("can_manage_topics"):
            raise RefusedError("this topic is closed")
        return topic


def pieces(text: str) -> list[str]:
    """A text in parts of at most 4096 UTF-16 units."""
    parts: list[str] = []
    while width(text) > MAX_TEXT:
        size = MAX_TEXT
        while width(text[:size]) > MAX_TEXT:
            size -= 1
        parts.append(text[:size])
        text = text[size:]
    return [part for part in (*parts, text) if part.strip()]


def find_button(message: Message, label: str) -> Json:
    """The button with this label: exactly, else the only one that contains it."""
    rows = (message.markup or {}).get("inline_keyboard", [])
    buttons: list[Json] = [button for row in rows for button in row]
    exact = [button for button in buttons if button["text"] == label]
    near = exact or [button for button in buttons if label.lower() in button["text"].lower()]
    if len(near) != 1 and not exact:
        raise RefusedError(f"{len(near)} buttons fit {label!r}; there are {[b['text'] for b in buttons]}")
    return near[0]


def _text_body(text: str) -> Json:
    text = text.strip()
    entities = automatic(text, [])
    return {"text": text, "entities": entities} if entities else {"text": text}


def _by_client(button: Json) -> Pressed:
    if "url" in button:
        return Pressed(url=button["url"])
    if "copy_text" in button:
        return Pressed(copied=button["copy_text"]["text"])
    return Pressed()


def _shown(answer: QueryAnswer) -> Pressed:
    return Pressed(answer.text, answer.alert, answer.url)
