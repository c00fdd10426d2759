"""Sending text, drafts and chat actions; copying and forwarding."""

from bot.sandbox.context import Ctx
from bot.sandbox.errors import bad
from bot.sandbox.markup import read_markup
from bot.sandbox.methods.table import method
from bot.sandbox.records import Json, Message

DRAFT_LIFE = 30
ACTION_LIFE = 5
ACTIONS = frozenset(
    {
        "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
        "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
    }
)  # fmt: skip


@method
def send_message(ctx: Ctx) -> Json:
    """A text message."""
    chat = ctx.chat()
    body = ctx.text_body()
    markup, prompt = read_markup(ctx.params, private=chat.private)
    return ctx.post(chat, body, markup=markup, prompt=prompt).json()


@method
def send_message_draft(ctx: Ctx) -> bool:
    """A streamed preview in a private chat; gone after 30 seconds or with the next message."""
    chat = ctx.chat()
    if not chat.private:
        raise bad("message drafts can be sent only to private chats")
    draft_id = ctx.params.integer("draft_id")
    if not draft_id:
        raise bad("draft_id must be non-zero")
    topic = ctx.topic(chat)
    text, entities = ctx.formatted("text", "entities")
    until = ctx.world.clock.now() + DRAFT_LIFE
    chat.drafts[topic] = {"id": draft_id, "text": text, "entities": entities, "until": until}
    ctx.world.feed.emit("draft", chat.key, topic)
    return True


@method
def send_chat_action(ctx: Ctx) -> bool:
    """ "typing…" for five seconds."""
    chat = ctx.chat()
    action = ctx.params.text("action")
    if action not in ACTIONS:
        raise bad("wrong parameter action in request")
    topic = ctx.topic(chat)
    chat.actions[topic] = {"action": action, "until": ctx.world.clock.now() + ACTION_LIFE}
    ctx.world.feed.emit("action", chat.key, topic)
    return True


def _source(ctx: Ctx, refusal: str) -> Message:
    chat = ctx.known_chat("from_chat_id")
    message = ctx.target(chat, refusal)
    if message.service:
        raise bad("message can't be forwarded" if "forward" in refusal else "message can't be copied")
    return message


@method
def copy_message(ctx: Ctx) -> Json:
    """A message sent again without its origin; a new caption may replace the old one."""
    chat = ctx.chat()
    source = _source(ctx, "message to copy not found")
    body = {name: value for name, value in source.body.items() if not name.startswith("forward_")}
    if ctx.params.has("caption"):
        body = {k: v for k, v in body.items() if not k.startswith("caption")} | ctx.caption_body()
    markup, prompt = read_markup(ctx.params, private=chat.private)
    return {"message_id": ctx.post(chat, body, markup=markup, prompt=prompt).id}


@method
def forward_message(ctx: Ctx) -> Json:
    """A message sent again with its origin."""
    chat = ctx.chat()
    source = _source(ctx, "message to forward not found")
    return ctx.post(chat, forwarded(source)).json()


def forwarded(source: Message) -> Json:
    """The body of a forward: the content and where it came from."""
    origin = {"type": "user", "date": source.date, "sender_user": source.sender.json()}
    return source.body | {"forward_origin": origin}
