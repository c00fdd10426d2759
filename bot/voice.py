"""Which language a place is spoken to in, and the gate's own answers."""

from __future__ import annotations

import telegram

from bot.text.catalog import Texts, Words
from core import Engine
from core.model import ChatId, UserId


class Voice:
    """Chooses the language of a chat: a person's own in private, the configured one in groups."""

    def __init__(self, engine: Engine, texts: Texts) -> None:
        self._engine = engine
        self._texts = texts
        self._heard: dict[ChatId, str] = {}  # language codes of people whose setting is not stored

    def hear(self, chat: ChatId, language: str | None) -> None:
        """Remember what a private chat's person speaks, as Telegram says."""
        if language and chat > 0:
            self._heard[chat] = language

    async def words(self, chat: ChatId) -> Words:
        """Return the texts for a chat."""
        default = self._engine.config.settings.defaults.locale
        person = await self._engine.people.get(UserId(chat)) if chat > 0 else None
        setting = person.locale if person and person.locale else default
        return self._texts.words(self._texts.choose(setting, self._heard.get(chat)))

    def toast(self, key: str, language: str | None) -> str:
        """Return a text that is shown over a button."""
        return self._texts.get(self._texts.choose(None, language), key)

    async def say(self, update: telegram.Update, key: str) -> None:
        """Answer somebody who may not pass."""
        message = update.effective_message
        if message is None:
            return
        chat = ChatId(message.chat.id)
        self.hear(chat, update.effective_user.language_code if update.effective_user else None)
        thread = message.message_thread_id if message.is_topic_message else None
        data = {"lines": [{"key": key, "values": {}}]}
        await self._engine.people.reply(f"reply:{update.update_id}", chat, thread, data)
