"""Pinned messages of chats and topics."""

from bot.sandbox.context import Ctx, not_enough
from bot.sandbox.errors import bad
from bot.sandbox.methods.table import method
from bot.sandbox.records import Chat


def _chat(ctx: Ctx) -> Chat:
    chat = ctx.chat()
    if not chat.private and not ctx.me(chat).may("can_pin_messages"):
        raise not_enough("manage pinned messages in the chat")
    return chat


def _unpin(ctx: Ctx, chat: Chat, pins: list[int]) -> bool:
    pins.clear()
    ctx.world.feed.emit("pins", chat.key)
    return True


@method
def pin_chat_message(ctx: Ctx) -> bool:
    """Pin a message and say so in the chat."""
    chat = _chat(ctx)
    message = ctx.target(chat, "message to pin not found")
    if message.id not in chat.pinned:
        chat.pinned.append(message.id)
        topic = message.thread if message.in_topic else 0
        if topic in chat.topics:
            chat.topics[topic].pinned.append(message.id)
        pinned = {"pinned_message": message.json(nested=True)}
        ctx.world.service(chat, ctx.bot.user, pinned, topic=topic, reply_to=message)
        ctx.world.feed.emit("pins", chat.key)
    return True


@method
def unpin_chat_message(ctx: Ctx) -> bool:
    """Unpin a message; the newest one when none is named."""
    chat = _chat(ctx)
    wanted = ctx.params.integer("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if wanted not in chat.pinned:
        raise bad("message to unpin not found")
    for pins in (chat.pinned, *(topic.pinned for topic in chat.topics.values())):
        if wanted in pins:
            pins.remove(wanted)
    ctx.world.feed.emit("pins", chat.key)
    return True


@method
def unpin_all_chat_messages(ctx: Ctx) -> bool:
    """Unpin everything."""
    chat = _chat(ctx)
    for topic in chat.topics.values():
        topic.pinned.clear()
    return _unpin(ctx, chat, chat.pinned)


@method
def unpin_all_forum_topic_messages(ctx: Ctx) -> bool:
    """Unpin everything in one topic."""
    chat = _chat(ctx)
    topic = chat.topics.get(ctx.params.integer("message_thread_id"))
    if topic is None:
        raise bad("TOPIC_ID_INVALID")
    chat.pinned[:] = [pin for pin in chat.pinned if pin not in topic.pinned]
    return _unpin(ctx, chat, topic.pinned)
