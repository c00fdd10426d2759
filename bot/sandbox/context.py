"""What a method works with: who calls, with which parameters, about which chat, topic and message."""

from typing import TYPE_CHECKING, Any

from bot.sandbox.account import Bot
from bot.sandbox.entities import automatic, checked, ordered, trimmed, width
from bot.sandbox.errors import ApiError, bad, forbidden
from bot.sandbox.html import parse_html
from bot.sandbox.markdown import parse_markdown
from bot.sandbox.params import Params
from bot.sandbox.records import Chat, Json, Member, Message

if TYPE_CHECKING:
    from bot.sandbox.world import World

MAX_TEXT = 4096
MAX_CAPTION = 1024
PARSERS = {"html": parse_html, "markdownv2": parse_markdown, "markdown": parse_markdown}


class Ctx:
    """One call on its way through a method."""

    __slots__ = ("bot", "params", "world")

    def __init__(self, world: "World", bot: Bot, params: Params) -> None:
        self.world = world
        self.bot = bot
        self.params = params

    # chat

    def known_chat(self, name: str = "chat_id") -> Chat:
        """The chat the call names, whatever the bot may do there."""
        if not self.params.has(name) or self.params.text(name) == "":
            raise bad("chat_id is empty")
        text = self.params.text(name)
        if not text.removeprefix("-").isdigit():
            raise bad("chat not found")
        chat = self.world.chat_of(self.bot, int(text))
        if chat is None or self.bot.id not in chat.members:
            raise bad("chat not found")
        if chat.migrated_to:
            text = "group chat was upgraded to a supergroup chat"
            raise bad(text, migrate_to_chat_id=chat.migrated_to)
        return chat

    def chat(self, name: str = "chat_id") -> Chat:
        """The chat the call names, where the bot may act."""
        chat = self.known_chat(name)
        me = chat.members[self.bot.id]
        if me.present:
            return chat
        if chat.private:
            raise forbidden("bot was blocked by the user")
        if me.status == "kicked":
            raise forbidden(f"bot was kicked from the {chat.kind} chat")
        raise forbidden(f"bot is not a member of the {chat.kind} chat")

    def me(self, chat: Chat) -> Member:
        """The bot's own standing."""
        return chat.members[self.bot.id]

    def require(self, chat: Chat, right: str, refusal: str) -> None:
        """Refuse unless the bot holds a right; in private chats it may do all."""
        if not chat.private and not self.me(chat).may(right):
            raise bad(refusal)

    def topic(self, chat: Chat) -> int:
        """The topic the call names; 0 for none. General has no id here, as in Telegram."""
        topic_id = self.params.integer("message_thread_id")
        if not topic_id:
            return 0
        topic = chat.topics.get(topic_id)
        if topic is None:
            raise bad("message thread not found")
        if topic.closed and not chat.private and not self.me(chat).may("can_manage_topics"):
            raise bad("TOPIC_CLOSED")
        return topic_id

    # content

    def formatted(
        self, text_name: str, entities_name: str, given: Json | None = None
    ) -> tuple[str, list[Json]]:
        """Text and entities by parse mode, explicit entities and automatic ones."""
        params = Params(given) if given is not None else self.params
        text = params.text(text_name)
        mode = params.text("parse_mode").lower()
        if mode:
            if mode not in PARSERS:
                raise bad("unsupported parse_mode")
            text, entities = PARSERS[mode](text)
        else:
            listed = params.nested(entities_name, "entities")
            entities = checked(text, listed) if listed else []
        text, entities = trimmed(text, entities)
        return text, ordered(automatic(text, entities))

    def text_body(self) -> Json:
        """The body of a text message, within Telegram's length."""
        text, entities = self.formatted("text", "entities")
        if not text:
            raise bad("message text is empty")
        if width(text) > MAX_TEXT:
            raise bad("message is too long")
        body: Json = {"text": text}
        if entities:
            body["entities"] = entities
        preview = self.params.nested("link_preview_options", "link preview options")
        if preview:
            body["link_preview_options"] = preview
        return body

    def caption_body(self, given: Json | None = None) -> Json:
        """The caption part of a media message; empty without one."""
        text, entities = self.formatted("caption", "caption_entities", given)
        if width(text) > MAX_CAPTION:
            raise bad("message caption is too long")
        body: Json = {"caption": text} if text else {}
        if text and entities:
            body["caption_entities"] = entities
        return body

    # reply

    def reply(self, chat: Chat) -> Message | None:
        """The message replied to, or None where a missing one is allowed."""
        given = self.params.nested("reply_parameters", "reply parameters")
        if isinstance(given, dict):
            target, lenient = given.get("message_id"), bool(given.get("allow_sending_without_reply"))
        else:
            target = self.params.integer("reply_to_message_id")
            lenient = self.params.flag("allow_sending_without_reply")
        if not target:
            return None
        message = chat.messages.get(int(target))
        if message is None and not lenient:
            raise bad("message to be replied not found")
        if message and isinstance(given, dict) and given.get("quote") and given["quote"] not in message.text:
            raise bad("QUOTE_TEXT_INVALID")
        return message

    def target(self, chat: Chat, refusal: str) -> Message:
        """The message `message_id` names, or the refusal."""
        if not self.params.has("message_id"):
            raise bad("message identifier is not specified")
        message = chat.messages.get(self.params.integer("message_id"))
        if message is None:
            raise bad(refusal)
        return message

    def post(self, chat: Chat, body: Json, **extra: Any) -> Message:
        """Send a message as the bot: into the topic named, or that of the message replied to."""
        topic = self.topic(chat)
        reply = self.reply(chat)
        if reply and reply.in_topic and not topic:
            topic = reply.thread
        silent = self.params.flag("disable_notification")
        return self.world.post(chat, self.bot.user, body, topic=topic, reply_to=reply, silent=silent, **extra)


def not_enough(what: str) -> ApiError:
    """400: not enough rights to do something."""
    return bad(f"not enough rights to {what}")
