"""Which bots hear of a message: privacy mode, own messages, other bots. It only reads the world."""

from typing import TYPE_CHECKING

from bot.sandbox.account import Bot
from bot.sandbox.entities import cut
from bot.sandbox.records import Message

if TYPE_CHECKING:
    from bot.sandbox.world import World


def deliver(world: "World", message: Message) -> None:
    """Queue a new message for every bot that may see it."""
    if message.sender.is_bot and not message.service:
        return
    payload = None
    for bot in world.bots_in(message.chat):
        if hears(bot, message):
            payload = payload or message.json()
            bot.queue.put("message", payload)


def deliver_edit(world: "World", message: Message) -> None:
    """Queue a person's edit for every bot that may see it."""
    for bot in world.bots_in(message.chat):
        if hears(bot, message):
            bot.queue.put("edited_message", message.json())


def hears(bot: Bot, message: Message) -> bool:
    """Privacy mode: in groups only service messages, commands, mentions and replies to the bot."""
    chat = message.chat
    if chat.private or not bot.privacy or message.service:
        return True
    if chat.members[bot.id].status in {"administrator", "creator"}:
        return True
    reply = message.reply_to
    if reply and not reply.service and reply.sender.id == bot.id:
        return True
    return _addressed(bot, message)


def _addressed(bot: Bot, message: Message) -> bool:
    name = f"@{bot.user.username}".lower()
    entities = message.body.get("entities") or message.body.get("caption_entities") or []
    for entity in entities:
        part = cut(message.text, entity["offset"], entity["length"]).lower()
        if entity["type"] == "mention" and part == name:
            return True
        if entity["type"] == "bot_command" and ("@" not in part or part.endswith(name)):
            return True
    return False
