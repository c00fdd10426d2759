"""A bot's account: token, update queue, webhook, commands and names."""

import secrets
from dataclasses import dataclass, field

from bot.sandbox.records import Json, User
from bot.sandbox.updates import UpdateQueue

SECRET_BYTES = 26
DEFAULT_SCOPE = ("default", 0, 0)
Scope = tuple[str, int, int]


@dataclass(slots=True)
class Webhook:
    """Where updates are pushed to, and how the last push went."""

    url: str = ""
    secret: str = ""
    connections: int = 40
    error: str = ""
    error_date: int = 0


@dataclass(slots=True, eq=False)
class Bot:
    """One bot the sandbox serves."""

    user: User
    token: str
    privacy: bool = True
    topics: bool = False  # topics in private chats
    queue: UpdateQueue = field(default_factory=UpdateQueue)
    webhook: Webhook = field(default_factory=Webhook)
    commands: dict[tuple[Scope, str], list[Json]] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)  # (what, language) → text
    menus: dict[int, Json] = field(default_factory=dict)

    @property
    def id(self) -> int:
        """The bot's user id."""
        return self.user.id

    def json(self) -> Json:
        """As `getMe` answers."""
        return self.user.json() | {
            "can_join_groups": True,
            "can_read_all_group_messages": not self.privacy,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
            "has_topics_enabled": self.topics,
            "allows_users_to_create_topics": self.topics,
        }

    def commands_for(self, chat_id: int, *, private: bool, admin: bool, language: str) -> list[Json]:
        """The command menu somebody sees, by Telegram's order of scopes."""
        scopes: list[Scope] = [("chat", chat_id, 0)]
        if admin and not private:
            scopes = [("chat_administrators", chat_id, 0), *scopes, ("all_chat_administrators", 0, 0)]
        scopes += [("all_private_chats" if private else "all_group_chats", 0, 0), DEFAULT_SCOPE]
        for scope in scopes:
            for code in (language[:2], ""):
                if found := self.commands.get((scope, code)):
                    return found
        return []


def new_token(bot_id: int) -> str:
    """A token in Telegram's form: id, colon, 35 characters."""
    return f"{bot_id}:{secrets.token_urlsafe(SECRET_BYTES)}"
