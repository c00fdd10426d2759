"""Forum topics: create, edit, close, reopen, delete, in groups and in private chats with topics."""

from bot.sandbox.context import Ctx, not_enough
from bot.sandbox.errors import bad
from bot.sandbox.methods.table import method
from bot.sandbox.records import TOPIC_COLORS, Chat, Json, Topic

MAX_NAME = 128


def _forum(ctx: Ctx, what: str) -> Chat:
    chat = ctx.chat()
    if not chat.forum:
        raise bad("the chat is not a forum")
    if not chat.private and not ctx.me(chat).may("can_manage_topics"):
        raise not_enough(what)
    return chat


def _topic(ctx: Ctx, chat: Chat) -> Topic:
    topic = chat.topics.get(ctx.params.integer("message_thread_id"))
    if topic is None:
        raise bad("TOPIC_ID_INVALID")
    return topic


def _name(ctx: Ctx) -> str:
    name = ctx.params.text("name").strip()
    if not name:
        raise bad("topic name must be non-empty")
    return name[:MAX_NAME]


@method
def create_forum_topic(ctx: Ctx) -> Json:
    """A new topic; its id is the id of its first (service) message."""
    chat = _forum(ctx, "create a topic")
    color = ctx.params.integer("icon_color") or TOPIC_COLORS[0]
    if color not in TOPIC_COLORS:
        raise bad("TOPIC_ICON_COLOR_INVALID")
    icon = ctx.params.text("icon_custom_emoji_id")
    return ctx.world.add_topic(chat, ctx.bot.user, _name(ctx), color, icon).json()


@method
def edit_forum_topic(ctx: Ctx) -> bool:
    """A new name or icon."""
    chat = _forum(ctx, "edit the topic")
    topic = _topic(ctx, chat)
    name = _name(ctx) if ctx.params.text("name") else topic.name
    icon = ctx.params.text("icon_custom_emoji_id") if ctx.params.has("icon_custom_emoji_id") else topic.icon
    if (name, icon) == (topic.name, topic.icon):
        raise bad("TOPIC_NOT_MODIFIED")
    changed = ({"name": name} if name != topic.name else {}) | (
        {"icon_custom_emoji_id": icon} if icon != topic.icon else {}
    )
    topic.name, topic.icon = name, icon
    ctx.world.service(chat, ctx.bot.user, {"forum_topic_edited": changed}, topic=topic.id)
    ctx.world.feed.emit("chats")
    return True


def _set_closed(ctx: Ctx, *, closed: bool) -> bool:
    chat = _forum(ctx, "close or reopen the topic")
    topic = _topic(ctx, chat)
    if topic.closed is closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = closed
    kind = "forum_topic_closed" if closed else "forum_topic_reopened"
    ctx.world.service(chat, ctx.bot.user, {kind: {}}, topic=topic.id)
    ctx.world.feed.emit("chats")
    return True


@method
def close_forum_topic(ctx: Ctx) -> bool:
    """Nobody but administrators writes there any more."""
    return _set_closed(ctx, closed=True)


@method
def reopen_forum_topic(ctx: Ctx) -> bool:
    """Everybody writes there again."""
    return _set_closed(ctx, closed=False)


@method
def delete_forum_topic(ctx: Ctx) -> bool:
    """Delete a topic with all its messages."""
    chat = _forum(ctx, "delete the topic")
    topic = _topic(ctx, chat)
    del chat.topics[topic.id]
    for message in [m for m in chat.messages.values() if m.in_topic and m.thread == topic.id]:
        ctx.world.remove(message)
    ctx.world.feed.emit("chats")
    return True


@method
def get_forum_topic_icon_stickers(ctx: Ctx) -> list[Json]:
    """No custom icons here."""
    return []
