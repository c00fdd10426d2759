"""Keeps secrets out of what is shown and logged: what goes into a card and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.message import Button, Message
from bot.text.redact import Redactor, secrets_of
from core.config import Config
from core.model import Notice

OURS = frozenset({"decision"})  # a random id is no secret, and its button must work


def redactor_of(config: Config, environ: Mapping[str, str]) -> Redactor:
    """Return a redactor that knows the token and every secret of the environment and of the agents."""
    agents = [secret for agent in config.agents.values() for secret in secrets_of(agent.env)]
    return Redactor([config.telegram.token or "", *secrets_of(environ), *agents])


def discreet(notice: Notice, redactor: Redactor) -> Notice:
    """Return a notice without secrets in its data; before it is cut into pages, where one could hide."""
    return replace(notice, data={k: v if k in OURS else _bare(v, redactor) for k, v in notice.data.items()})


def last_look(message: Message, redactor: Redactor) -> Message:
    """Return a message without secrets: markup may have stood inside one before it was rendered."""

    def label(button: Button) -> Button:
        return replace(button, text=redactor.outgoing(button.text))

    return replace(
        message,
        pages=tuple(map(redactor.rich, message.pages)),
        buttons=tuple(tuple(map(label, row)) for row in message.buttons),
    )


def _bare(value: Any, redactor: Redactor) -> Any:
    match value:
        case str():
            return redactor.outgoing(value)
        case dict():
            return {key: _bare(item, redactor) for key, item in value.items()}
        case list() | tuple():
            return [_bare(item, redactor) for item in value]
        case _:
            return value
