"""Editing and deleting messages, with Telegram's rules of who may and what counts as a change."""

from bot.sandbox.context import Ctx
from bot.sandbox.errors import NOT_MODIFIED, bad
from bot.sandbox.markup import read_markup
from bot.sandbox.methods.table import method
from bot.sandbox.records import Chat, Json, Message

MAX_DELETE = 100


def _editable(ctx: Ctx) -> Message:
    if ctx.params.has("inline_message_id"):
        raise bad("MESSAGE_ID_INVALID")
    chat = ctx.chat()
    message = ctx.target(chat, "message to edit not found")
    if message.sender.id != ctx.bot.id or message.service:
        raise bad("message can't be edited")
    return message


def _apply(ctx: Ctx, message: Message, body: Json) -> Json:
    markup, _ = read_markup(ctx.params, private=message.chat.private)
    if _same(body, message.body) and markup == message.markup:
        raise bad(NOT_MODIFIED)
    changed = not _same(body, message.body)
    message.body, message.markup = body, markup
    ctx.world.edit(message, visible=changed)
    return message.json()


def _same(new: Json, old: Json) -> bool:
    """Equal but for the preview options, which are no content."""
    return {**new, "link_preview_options": 0} == {**old, "link_preview_options": 0}


@method
def edit_message_text(ctx: Ctx) -> Json:
    """New text; without `reply_markup` the keyboard goes."""
    message = _editable(ctx)
    body = ctx.text_body()
    if "text" not in message.body:
        raise bad("there is no text in the message to edit")
    return _apply(ctx, message, body)


@method
def edit_message_caption(ctx: Ctx) -> Json:
    """New caption of a media message."""
    message = _editable(ctx)
    if "text" in message.body:
        raise bad("there is no caption in the message to edit")
    kept = {k: v for k, v in message.body.items() if not k.startswith("caption")}
    return _apply(ctx, message, kept | ctx.caption_body())


@method
def edit_message_reply_markup(ctx: Ctx) -> Json:
    """New keyboard, or none."""
    message = _editable(ctx)
    return _apply(ctx, message, message.body)


def _may_delete(ctx: Ctx, chat: Chat, message: Message) -> bool:
    if chat.private or message.sender.id == ctx.bot.id:
        return not (message.service and message.sender.id != ctx.bot.id and chat.private)
    return ctx.me(chat).may("can_delete_messages")


@method
def delete_message(ctx: Ctx) -> bool:
    """Delete one message."""
    chat = ctx.chat()
    message = ctx.target(chat, "message to delete not found")
    if not _may_delete(ctx, chat, message):
        raise bad("message can't be deleted")
    ctx.world.remove(message)
    return True


@method
def delete_messages(ctx: Ctx) -> bool:
    """Delete several; the ones that are gone are skipped."""
    chat = ctx.chat()
    ids = ctx.params.nested("message_ids", "message identifiers")
    if not isinstance(ids, list) or not ids:
        raise bad("message identifiers are not specified")
    if len(ids) > MAX_DELETE:
        raise bad("too many message identifiers specified")
    found = [message for message in map(chat.messages.get, ids) if message]
    if not all(_may_delete(ctx, chat, message) for message in found):
        raise bad("message can't be deleted")
    for message in found:
        ctx.world.remove(message)
    return True
