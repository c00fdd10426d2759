"""The one mutable world: who exists, which chats and messages there are, who is told about what.

Every change of a message goes through here, so that feeds and bots always hear of it.
"""

from typing import Any

from bot.sandbox.account import Bot, new_token
from bot.sandbox.clock import Clock
from bot.sandbox.delivery import deliver, deliver_edit
from bot.sandbox.feed import Feed
from bot.sandbox.queries import Queries
from bot.sandbox.records import RIGHTS, Chat, File, Json, Member, Message, Topic, User
from bot.sandbox.storage import Files
from bot.sandbox.webhook import Pushers

FIRST_USER = 100_001
FIRST_BOT = 7_000_000_001
FIRST_GROUP = 4_000_001
FIRST_SUPERGROUP = 1_001_000_000_001


class World:
    """Everything the sandbox holds."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.feed = Feed()
        self.files = Files()
        self.users: dict[int, User] = {}
        self.bots: dict[int, Bot] = {}
        self.tokens: dict[str, Bot] = {}
        self.groups: dict[int, Chat] = {}
        self.privates: dict[tuple[int, int], Chat] = {}
        self.queries = Queries(self.clock)
        self.pushers = Pushers(self.clock)
        self._message_ids = 0  # private chats and basic groups share one counter, as in Telegram

    # people and bots

    def add_user(self, name: str, *, language: str = "en", user_id: int = 0) -> User:
        """A new person."""
        user_id = user_id or FIRST_USER + len(self.users)
        user = User(user_id, name, _slug(name), language)
        self.users[user_id] = user
        self.feed.emit("users")
        return user

    def add_bot(self, name: str, username: str, *, token: str = "", privacy: bool = True) -> Bot:
        """A new bot; its token may be chosen."""
        bot_id = int(token.partition(":")[0]) if token else FIRST_BOT + len(self.bots)
        user = User(bot_id, name, username, is_bot=True)
        bot = Bot(user, token or new_token(bot_id), privacy)
        self.bots[bot_id] = self.tokens[bot.token] = bot
        return bot

    # chats

    def private(self, bot: Bot, user: User) -> Chat:
        """The chat of a person with a bot, opened when it does not exist yet."""
        chat = self.privates.get((bot.id, user.id))
        if chat is None:
            chat = Chat(user.id, "private", user.first_name, f"p{bot.id}-{user.id}", peer=user)
            chat.forum = bot.topics
            chat.members = {u.id: Member(u, "member") for u in (user, bot.user)}
            self.privates[bot.id, user.id] = chat
            self.feed.emit("chats")
        return chat

    def group(self, title: str, members: list[User], *, forum: bool, supergroup: bool) -> Chat:
        """A new group; its first member is the owner."""
        large = forum or supergroup
        taken = sum(1 for chat in self.groups.values() if (chat.kind == "supergroup") == large)
        chat_id = -(FIRST_SUPERGROUP + taken) if large else -(FIRST_GROUP + taken)
        chat = Chat(chat_id, "supergroup" if large else "group", title, str(chat_id), forum=forum)
        for user in members:
            chat.members[user.id] = Member(user, "member" if chat.members else "creator")
        self.groups[chat_id] = chat
        self.feed.emit("chats")
        return chat

    def chats(self) -> list[Chat]:
        """All chats that still live under their id."""
        return [*self.privates.values(), *(c for c in self.groups.values() if not c.migrated_to)]

    def chat_of(self, bot: Bot, chat_id: int) -> Chat | None:
        """What a chat id means to a bot."""
        return self.privates.get((bot.id, chat_id)) if chat_id > 0 else self.groups.get(chat_id)

    def by_key(self, key: str) -> Chat | None:
        """The chat under its page key."""
        if not key.startswith("p"):
            return self.groups.get(int(key)) if key.lstrip("-").isdigit() else None
        return next((chat for chat in self.privates.values() if chat.key == key), None)

    def bots_in(self, chat: Chat) -> list[Bot]:
        """The bots that are in a chat now."""
        return [self.bots[m.user.id] for m in chat.members.values() if m.user.id in self.bots and m.present]

    def set_member(self, chat: Chat, user: User, member: Member, by: User) -> None:
        """Change somebody's standing and tell the bots that listen."""
        old = chat.members.get(user.id) or Member(user, "left")
        chat.members[user.id] = member
        payload = {
            "chat": chat.json(),
            "from": by.json(),
            "date": self.clock.stamp(),
            "old_chat_member": old.json(),
            "new_chat_member": member.json(),
        }
        if user.id in self.bots:
            self.bots[user.id].queue.put("my_chat_member", payload)
        for bot in self.bots_in(chat):
            mine = chat.members[bot.id]
            if bot.id != user.id and mine.status == "administrator":
                bot.queue.put("chat_member", payload)
        self.feed.emit("chats")

    # messages

    def post(self, chat: Chat, sender: User, body: Json, *, topic: int = 0, **extra: Any) -> Message:
        """A new message, seen by everybody it concerns."""
        message = Message(chat, self._take_id(chat), sender, self.clock.stamp(), body, **extra)
        self._place(message, topic)
        chat.messages[message.id] = message
        if sender.is_bot and not message.service:
            chat.drafts.pop(topic, None)
            chat.actions.pop(topic, None)
        message.change = self.feed.emit("message", chat.key, message.id)
        deliver(self, message)
        return message

    def _place(self, message: Message, topic: int) -> None:
        """Set thread and implied reply the way forums and supergroups do."""
        chat = message.chat
        if topic:
            message.thread, message.in_topic = topic, True
            if chat.kind == "supergroup" and message.reply_to is None and topic != message.id:
                message.reply_to = chat.messages.get(topic)
        elif message.reply_to and chat.kind == "supergroup" and not chat.forum:
            message.thread = message.reply_to.thread or message.reply_to.id

    def service(self, chat: Chat, sender: User, body: Json, *, topic: int = 0, **extra: Any) -> Message:
        """A service message ("joined", "pinned", …); bots see even their own."""
        return self.post(chat, sender, body, topic=topic, service=True, **extra)

    def _take_id(self, chat: Chat) -> int:
        if chat.kind == "supergroup":
            chat.last_id += 1
            return chat.last_id
        self._message_ids += 1
        return self._message_ids

    def edit(self, message: Message, *, visible: bool = True) -> None:
        """Announce that a message was changed."""
        if visible:
            message.edited = self.clock.stamp()
        message.change = self.feed.emit("message", message.chat.key, message.id)
        if not message.sender.is_bot:
            deliver_edit(self, message)

    def remove(self, message: Message) -> None:
        """Delete a message for everybody."""
        message.deleted = True
        chat = message.chat
        chat.messages.pop(message.id, None)
        for pins in (chat.pinned, *(topic.pinned for topic in chat.topics.values())):
            if message.id in pins:
                pins.remove(message.id)
        message.change = self.feed.emit("delete", chat.key, message.id)

    # topics

    def add_topic(self, chat: Chat, sender: User, name: str, color: int, icon: str = "") -> Topic:
        """A new topic and the service message it hangs on."""
        topic_id = chat.last_id + 1 if chat.kind == "supergroup" else self._message_ids + 1
        if chat.kind == "supergroup" and topic_id == 1:  # 1 is the General topic
            chat.last_id, topic_id = 1, 2
        topic = Topic(topic_id, name, color, icon)
        chat.topics[topic_id] = topic
        created: Json = {"name": name, "icon_color": color} | ({"icon_custom_emoji_id": icon} if icon else {})
        self.service(chat, sender, {"forum_topic_created": created}, topic=topic_id)
        self.feed.emit("chats")
        return topic

    def migrate(self, chat: Chat, *, forum: bool = False) -> Chat:
        """Turn a basic group into a supergroup: a new id, two service messages, the old one dies."""
        owner = chat.people()[0]
        new = self.group(chat.title, [], forum=forum, supergroup=True)
        new.members = dict(chat.members)
        self.service(chat, owner, {"migrate_to_chat_id": new.id})
        chat.migrated_to = new.id
        self.service(new, owner, {"migrate_from_chat_id": chat.id})
        self.feed.emit("chats")
        return new

    def store(self, name: str, mime: str, data: bytes, folder: str) -> File:
        """Keep bytes and give them ids."""
        return self.files.add(name, mime, data, folder)


def admin_rights(rights: bool | set[str]) -> frozenset[str]:  # noqa: FBT001 - the value decides
    """All rights for True, none for False, or the ones named."""
    if isinstance(rights, bool):
        return frozenset(RIGHTS if rights else ())
    return frozenset(rights)


def _slug(name: str) -> str:
    letters = "".join(c for c in name.lower() if c.isascii() and c.isalnum())
    return f"{letters}_person" if letters else ""
