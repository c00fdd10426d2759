"""From an update to a verb: commands by name, presses by their decision, everything else by its place."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import telegram
from telegram.ext import Application, CallbackQueryHandler, MessageHandler, filters

from bot.access import Action, may
from bot.callbacks import decode
from bot.commands import decisions, sessions, settings
from bot.commands.desk import Desk, Handler, Incoming, incoming
from bot.text.catalog import Words
from bot.voice import Voice
from core.errors import DecisionStale, DecisionTaken, LeadhandError, NotAllowed
from core.model import ChatId, User, UserId

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Command:
    """What a command does, what it takes to be allowed to, and the key of its description."""

    handler: Handler
    action: Action
    text: str


COMMANDS: dict[str, Command] = {
    "start": Command(settings.welcome, "read", "command-start"),
    "help": Command(settings.help_, "read", "command-help"),
    "new": Command(sessions.new, "launch", "command-new"),
    "sessions": Command(sessions.listing, "read", "command-sessions"),
    "status": Command(sessions.status, "read", "command-status"),
    "stop": Command(sessions.stop, "stop", "command-stop"),
    "approve": Command(decisions.plan, "decide", "command-approve"),
    "revise": Command(decisions.plan, "decide", "command-revise"),
    "reject": Command(decisions.plan, "decide", "command-reject"),
    "answer": Command(decisions.answer, "decide", "command-answer"),
    "allow": Command(decisions.allow, "decide", "command-allow"),
    "deny": Command(decisions.permission, "decide", "command-deny"),
    "merge": Command(decisions.branch, "merge", "command-merge"),
    "later": Command(decisions.branch, "decide", "command-later"),
    "discard": Command(decisions.branch, "discard", "command-discard"),
    "yes": Command(decisions.confirm, "decide", "command-yes"),
    "no": Command(decisions.confirm, "decide", "command-no"),
    "lang": Command(settings.lang, "read", "command-lang"),
}


class Dispatch:
    """Handles what passed the gate. The processor marks an update as handled when this returns."""

    def __init__(self, desk: Desk, voice: Voice, *, heard: Callable[[ChatId], None]) -> None:
        self.desk = desk
        self._voice = voice
        self._heard = heard  # somebody wrote there: a chat that could not be reached can be again

    def install(self, application: Application) -> None:  # type: ignore[type-arg]
        """Register the handlers."""
        application.add_handler(CallbackQueryHandler(self.on_press))
        application.add_handler(MessageHandler(filters.TEXT | filters.CAPTION, self.on_message))

    async def on_message(self, update: telegram.Update, _: object) -> None:
        """A command or a plain message."""
        person = await self._person(update)
        message = incoming(update, person.role) if person else None
        if message is None or person is None or self._for_another_bot(message):
            return
        self._voice.hear(message.chat, message.language)
        self._heard(message.chat)
        try:
            command = self._command(message)
            if not may(person.role, command.action):
                raise NotAllowed(user=person.name, action=command.action)
            await command.handler(self.desk, message)
        except LeadhandError as error:
            await self.desk.refuse(message, error)
        except Exception:
            log.exception("update %d could not be handled", update.update_id)
            await self.desk.refuse(message, LeadhandError())

    def _command(self, message: Incoming) -> Command:
        if not message.command:
            return Command(sessions.plain, "say", "")
        return COMMANDS.get(message.command, Command(_unknown, "read", ""))

    def _for_another_bot(self, message: Incoming) -> bool:
        whom = message.addressed
        return bool(whom) and whom.lower() != self.desk.name.lower()

    async def on_press(self, update: telegram.Update, _: object) -> None:
        """A button: the first press wins, everybody else is told."""
        query, person = update.callback_query, await self._person(update)
        if query is None or person is None or query.message is None:
            return
        words = self.desk.texts.words(self.desk.texts.choose(person.locale, query.from_user.language_code))
        toast, alert = "", False
        try:
            await self._press(query, person)
        except DecisionTaken as error:
            toast = _already(words, error.fields["by"], error.fields["verb"])
        except LeadhandError as error:
            toast, alert = words.get(error.key, **error.fields), True
        except Exception:
            log.exception("update %d could not be handled", update.update_id)
            toast, alert = words.get(LeadhandError.key), True
        try:
            await query.answer(toast[:200] or None, show_alert=alert)
        except telegram.error.TelegramError as error:
            log.info("a press could not be answered: %s", error)  # it was carried out all the same

    async def _press(self, query: telegram.CallbackQuery, person: User) -> None:
        if not may(person.role, "decide"):
            raise NotAllowed(user=person.name, action="decide")
        press, message = decode(query.data), query.message
        if press is None or message is None:
            raise DecisionStale
        await self.desk.engine.press(
            press.decision, press.verb, UserId(person.id), ChatId(message.chat.id), message.message_id
        )

    async def _person(self, update: telegram.Update) -> User | None:
        user = update.effective_user
        return await self.desk.engine.people.get(UserId(user.id)) if user else None


def _already(words: Words, who: str, verb: str) -> str:
    """Say who decided what; what has no button of its own was an answer."""
    key = "button-allow-session" if verb == "session" else f"button-{verb}"
    if verb != "answer" and words.has(key):
        return words.press_already(who=who, verb=words.get(key))
    return words.press_already_answer(who=who)


async def _unknown(desk: Desk, message: Incoming) -> None:
    if message.private or message.addressed:
        await desk.say(message, "command-unknown", command=f"/{message.command}")
