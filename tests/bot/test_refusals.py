"""Every error of Telegram has one meaning."""

from __future__ import annotations

import httpx
import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.refusals import Refusal, refusal, seconds


def caused(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (RetryAfter(3), Refusal.FLOOD),
        (ChatMigrated(-5), Refusal.MIGRATED),
        (Forbidden("Forbidden: bot was kicked from the supergroup chat"), Refusal.UNREACHABLE),
        (BadRequest("Bad Request: chat not found"), Refusal.UNREACHABLE),
        (BadRequest("Bad Request: not enough rights to send text messages to the chat"), Refusal.UNREACHABLE),
        (
            BadRequest("Bad Request: message is not modified: specified new message content"),
            Refusal.UNCHANGED,
        ),
        (BadRequest("Bad Request: message to edit not found"), Refusal.GONE),
        (BadRequest("Bad Request: MESSAGE_ID_INVALID"), Refusal.GONE),
        (BadRequest("Bad Request: message can't be edited"), Refusal.GONE),
        (BadRequest("Bad Request: message thread not found"), Refusal.TOPIC_GONE),
        (BadRequest("Bad Request: TOPIC_CLOSED"), Refusal.TOPIC_CLOSED),
        (BadRequest("Bad Request: can't parse entities: unsupported start tag"), Refusal.CONTENT),
        (BadRequest("Bad Request: BUTTON_DATA_INVALID"), Refusal.CONTENT),
        (NetworkError("Bad Gateway"), Refusal.OFFLINE),
        (caused(NetworkError("Bad Gateway"), TelegramError("Invalid server response")), Refusal.OFFLINE),
        (caused(NetworkError("x"), httpx.ConnectError("x")), Refusal.OFFLINE),
        (caused(TimedOut(), httpx.ConnectTimeout("x")), Refusal.OFFLINE),
        (caused(TimedOut(), httpx.PoolTimeout("x")), Refusal.OFFLINE),
        (caused(TimedOut(), httpx.ReadTimeout("x")), Refusal.DOUBTFUL),
        (caused(NetworkError("x"), httpx.ReadError("x")), Refusal.DOUBTFUL),
        (caused(NetworkError("x"), httpx.RemoteProtocolError("x")), Refusal.DOUBTFUL),
        (NetworkError("httpx.ConnectError: All connection attempts failed"), Refusal.OFFLINE),
        (caused(NetworkError("x"), RuntimeError("This HTTPXRequest is not initialized!")), Refusal.OFFLINE),
        (caused(NetworkError("x"), RuntimeError("unable to perform operation")), Refusal.DOUBTFUL),
        (TimedOut(), Refusal.DOUBTFUL),
        (TelegramError("Invalid server response"), Refusal.DOUBTFUL),
        (InvalidToken(), Refusal.OFFLINE),
        (Conflict("Conflict"), Refusal.OFFLINE),
    ],
)
def test_every_error_has_a_meaning(error: TelegramError, meaning: Refusal) -> None:
    assert refusal(error) is meaning


def test_the_time_of_a_429_is_read() -> None:
    assert seconds(RetryAfter(7)) == 7.0
