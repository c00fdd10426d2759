"""Turns our entities into python-telegram-bot's, one to one."""

from telegram import MessageEntity

from bot.text.rich import Entity


def telegram_entities(entities: tuple[Entity, ...]) -> list[MessageEntity]:
    """Convert for `send_message(entities=…)` and its kin."""
    return [MessageEntity(e.type, e.offset, e.length, url=e.url, language=e.language) for e in entities]
