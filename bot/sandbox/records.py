"""What the sandbox remembers: users, chats, members, topics, messages and files.

Each record knows its Bot API JSON and nothing about the others' rules.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
Kind = Literal["private", "group", "supergroup"]
Status = Literal["creator", "administrator", "member", "left", "kicked"]

RIGHTS = (
    "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
    "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories", "can_pin_messages", "can_manage_topics",
)  # fmt: skip
TOPIC_COLORS = (0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F)
PRESENT: frozenset[Status] = frozenset({"creator", "administrator", "member"})


@dataclass(slots=True, eq=False)
class User:
    """A person or the account of a bot."""

    id: int
    first_name: str
    username: str
    language: str = "en"
    is_bot: bool = False

    def json(self) -> Json:
        """As `User` in the Bot API."""
        data: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        if self.username:
            data["username"] = self.username
        if not self.is_bot:
            data["language_code"] = self.language
        return data


@dataclass(slots=True, eq=False)
class Member:
    """Somebody's standing in a chat."""

    user: User
    status: Status
    rights: frozenset[str] = frozenset()

    @property
    def present(self) -> bool:
        """Whether the member is in the chat now."""
        return self.status in PRESENT

    def may(self, right: str) -> bool:
        """Whether the member holds an administrator's right."""
        return self.status == "creator" or (self.status == "administrator" and right in self.rights)

    def json(self) -> Json:
        """As `ChatMember` in the Bot API."""
        data: Json = {"status": self.status, "user": self.user.json()}
        if self.status == "creator":
            data["is_anonymous"] = False
        elif self.status == "administrator":
            data |= {"can_be_edited": False, "is_anonymous": False}
            data |= {right: right in self.rights for right in RIGHTS}
        elif self.status == "kicked":
            data["until_date"] = 0
        return data


@dataclass(slots=True, eq=False)
class Topic:
    """A forum topic; its id is the id of the message that created it."""

    id: int
    name: str
    color: int
    icon: str = ""
    closed: bool = False
    pinned: list[int] = field(default_factory=list)

    def json(self) -> Json:
        """As `ForumTopic` in the Bot API."""
        data: Json = {"message_thread_id": self.id, "name": self.name, "icon_color": self.color}
        if self.icon:
            data["icon_custom_emoji_id"] = self.icon
        return data


@dataclass(slots=True, eq=False)
class Chat:
    """A conversation: messages, members, topics, pins."""

    id: int
    kind: Kind
    title: str
    key: str
    peer: User | None = None  # the person of a private chat
    forum: bool = False
    members: dict[int, Member] = field(default_factory=dict)
    messages: dict[int, "Message"] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    drafts: dict[int, Json] = field(default_factory=dict)
    actions: dict[int, Json] = field(default_factory=dict)
    tips: tuple[str, ...] = ()  # what the page offers to say first
    last_id: int = 0
    migrated_to: int = 0

    @property
    def private(self) -> bool:
        """Whether this is a person's chat with a bot."""
        return self.kind == "private"

    def json(self) -> Json:
        """As `Chat` in the Bot API."""
        data: Json = {"id": self.id, "type": self.kind}
        if self.peer:
            data["first_name"] = self.peer.first_name
            if self.peer.username:
                data["username"] = self.peer.username
        else:
            data["title"] = self.title
        if self.forum and not self.private:
            data["is_forum"] = True
        return data

    def people(self) -> list[User]:
        """The persons who are in the chat."""
        return [m.user for m in self.members.values() if m.present and not m.user.is_bot]


@dataclass(slots=True, eq=False)
class Message:
    """One message; `body` holds the content exactly as the Bot API shows it."""

    chat: Chat
    id: int
    sender: User
    date: int
    body: Json
    thread: int = 0
    in_topic: bool = False
    reply_to: "Message | None" = None
    markup: Json | None = None
    prompt: Json | None = None  # ForceReply and reply keyboards: clients see them, bots do not
    edited: int = 0
    change: int = 0
    service: bool = False
    deleted: bool = False
    silent: bool = False
    reactions: dict[int, list[Json]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The text or the caption."""
        text: str = self.body.get("text") or self.body.get("caption") or ""
        return text

    def json(self, *, nested: bool = False) -> Json:
        """As `Message` in the Bot API; replies are nested once."""
        data: Json = {
            "message_id": self.id,
            "from": self.sender.json(),
            "chat": self.chat.json(),
            "date": self.date,
            **self.body,
        }
        if self.edited:
            data["edit_date"] = self.edited
        if self.thread:
            data["message_thread_id"] = self.thread
        if self.in_topic:
            data["is_topic_message"] = True
        if self.reply_to and not nested:
            data["reply_to_message"] = self.reply_to.json(nested=True)
        if self.markup:
            data["reply_markup"] = self.markup
        return data


@dataclass(slots=True, eq=False, frozen=True)
class File:
    """Stored bytes with the two ids Telegram gives them."""

    id: str
    unique_id: str
    name: str
    mime: str
    data: bytes
    path: str

    def json(self) -> Json:
        """As `File` in the Bot API."""
        return {
            "file_id": self.id,
            "file_unique_id": self.unique_id,
            "file_size": len(self.data),
            "file_path": self.path,
        }
