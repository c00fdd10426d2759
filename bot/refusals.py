"""What an error of Telegram means for the message that caused it. Pure: it reads the error, nothing else."""

from __future__ import annotations

import os
import re
from enum import StrEnum

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

# Without this the library warns of its next version whenever it reads the time a 429 names.
os.environ.setdefault("PTB_TIMEDELTA", "true")

_NAMED = re.compile(r"httpx\.(\w+):")
_CLOSED = re.compile("not initialized|has been closed")  # the client was closed before the request


class Refusal(StrEnum):
    """Why a message did not arrive, as far as it decides what to do next."""

    FLOOD = "flood"  # too fast: wait as long as told
    MIGRATED = "migrated"  # the group has a new id
    UNREACHABLE = "unreachable"  # blocked, kicked, or no right to write there
    UNCHANGED = "unchanged"  # an edit that changes nothing: a success
    GONE = "gone"  # the message to edit is not there any more
    TOPIC_GONE = "topic_gone"
    TOPIC_CLOSED = "topic_closed"
    CONTENT = "content"  # Telegram does not take the text, its entities or its buttons
    NO_METHOD = "no_method"  # this Bot API server does not know the method, or the token any more
    OFFLINE = "offline"  # it surely did not arrive: no connection, or the server is in trouble
    DOUBTFUL = "doubtful"  # the request went out and no answer came


# Matched in lower case: the library capitalizes Telegram's texts.
_TEXTS: tuple[tuple[Refusal, tuple[str, ...]], ...] = (
    (Refusal.UNCHANGED, ("message is not modified",)),
    (
        Refusal.GONE,
        ("message to edit not found", "message can't be edited", "message_id_invalid", "message not found"),
    ),
    (Refusal.TOPIC_GONE, ("message thread not found", "topic_deleted", "topic_id_invalid")),
    (Refusal.TOPIC_CLOSED, ("topic_closed",)),
    (
        Refusal.UNREACHABLE,
        (
            "chat not found",
            "peer_id_invalid",
            "not enough rights to send",
            "have no rights to send",
            "chat_write_forbidden",
            "chat_restricted",
            "need administrator rights",
        ),
    ),
)
# Errors of the HTTP client that are raised before a request has left.
_NEVER_SENT = frozenset(
    {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol", "InvalidURL"}
)


def refusal(error: TelegramError) -> Refusal:
    """Tell what an error means."""
    match error:
        case RetryAfter():
            return Refusal.FLOOD
        case ChatMigrated():
            return Refusal.MIGRATED
        case Forbidden():
            return Refusal.UNREACHABLE
        case InvalidToken():  # the library's name for a 404 as well as for a 401
            return Refusal.NO_METHOD if "not found" in error.message.lower() else Refusal.OFFLINE
        case BadRequest():  # before NetworkError, which it is a kind of
            return _by_text(error.message.lower())
        case TimedOut():
            return _by_cause(error)
        case NetworkError():
            answered = error.__cause__ is None or isinstance(error.__cause__, TelegramError)
            return Refusal.OFFLINE if answered else _by_cause(error)  # answered: 5xx
        case _:
            # A good status with a body nobody can read may have been a delivery.
            return Refusal.DOUBTFUL if "invalid server response" in str(error).lower() else Refusal.OFFLINE


def seconds(error: RetryAfter) -> float:
    """Read the time a 429 names; the library gives an integer or a timedelta, as its setting says."""
    value = error.retry_after
    return float(value) if isinstance(value, int | float) else value.total_seconds()


def _by_cause(error: TelegramError) -> Refusal:
    named = _NAMED.match(error.message)
    name = named[1] if named else type(error.__cause__).__name__
    closed = isinstance(error.__cause__, RuntimeError) and _CLOSED.search(str(error.__cause__))
    return Refusal.OFFLINE if name in _NEVER_SENT or closed else Refusal.DOUBTFUL


def _by_text(text: str) -> Refusal:
    for meaning, texts in _TEXTS:
        if any(known in text for known in texts):
            return meaning
    return Refusal.CONTENT
