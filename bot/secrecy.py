"""Keeps secrets out of what is shown: the redactor knows this machine's secrets, and every card passes it.

Redacted twice: a notice's data before it is rendered, so that no secret is cut by the end of a page, and
the rendered pages, because markup may have stood inside a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.message import Message
from bot.text.redact import Redactor, secrets_of
from core.config import Config
from core.model import Notice

_OURS = frozenset({"decision", "key", "error", "state", "closed", "grants", "strategy"})  # no agent's words


def redactor_of(config: Config, environ: Mapping[str, str]) -> Redactor:
    """Return a redactor that knows the token and every secret the environment or an agent's table holds."""
    known = [config.telegram.token or "", *secrets_of(environ)]
    for agent in config.agents.values():
        known += secrets_of(agent.env)
        known.append(environ.get(agent.key_env, "") if agent.key_env else "")
    return Redactor(known)


def redact_notice(notice: Notice, redactor: Redactor) -> Notice:
    """Return the notice without secrets in its data."""
    return replace(notice, data=_redacted(notice.data, redactor))


def redact_message(message: Message, redactor: Redactor) -> Message:
    """Return the message without secrets in its pages, buttons, placeholder and document."""
    rows = tuple(tuple(replace(b, text=redactor.text(b.text)) for b in row) for row in message.buttons)
    document = message.document
    if document is not None:
        name, content = document
        text = redactor.text(content.decode("utf-8", "replace"))
        document = (redactor.text(name), text.encode())
    return replace(
        message,
        pages=tuple(redactor.rich(page) for page in message.pages),
        buttons=rows,
        document=document,
        force_reply=redactor.text(message.force_reply) if message.force_reply else message.force_reply,
    )


def _redacted(value: Any, redactor: Redactor) -> Any:
    match value:
        case str():
            return redactor.outgoing(value)
        case dict():
            return {k: v if k in _OURS else _redacted(v, redactor) for k, v in value.items()}
        case list() | tuple():
            return [_redacted(item, redactor) for item in value]
        case _:
            return value
