"""A chat as plain text, so that a failed wait shows what was there instead."""

from bot.sandbox.records import Chat, Message

SHOWN = 30
LONGEST = 300


def transcript(chat: Chat) -> str:
    """The last messages of a chat, one a paragraph."""
    messages = list(chat.messages.values())
    head = [f"--- {chat.title} ({chat.id}), {len(messages)} messages"]
    return "\n".join([*head, *(_line(message) for message in messages[-SHOWN:]), "---"])


def _line(message: Message) -> str:
    where = f" #{message.thread}" if message.in_topic else ""
    reply = f" ↩{message.reply_to.id}" if message.reply_to and not message.reply_to.service else ""
    mark = " (edited)" if message.edited else ""
    rows = (message.markup or {}).get("inline_keyboard", [])
    keys = "".join(f"\n    [{' | '.join(b['text'] for b in row)}]" for row in rows)
    return f"{message.id}{where}{reply} {message.sender.first_name}: {_content(message)}{mark}{keys}"


def _content(message: Message) -> str:
    text = message.text if len(message.text) <= LONGEST else message.text[:LONGEST] + "…"
    kinds = [k for k in message.body if k not in {"text", "caption", "entities", "caption_entities"}]
    return " ".join([*(f"<{kind}>" for kind in kinds), text])
