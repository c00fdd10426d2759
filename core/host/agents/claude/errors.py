"""Why a turn of Claude Code failed: its error names, statuses and words as an `ErrorKind`. Pure."""

from __future__ import annotations

import re

from core.events import AgentError
from core.host.agents.claude.frames import Result
from core.states import ErrorKind

RETRYABLE = frozenset({ErrorKind.RATE_LIMIT, ErrorKind.OVERLOADED, ErrorKind.SERVER, ErrorKind.NETWORK})
BY_NAME = {
    "authentication_failed": ErrorKind.AUTH,
    "billing_error": ErrorKind.USAGE_LIMIT,
    "rate_limit": ErrorKind.RATE_LIMIT,
    "overloaded": ErrorKind.OVERLOADED,
    "invalid_request": ErrorKind.BAD_REQUEST,
    "model_not_found": ErrorKind.MODEL_NOT_FOUND,
    "server_error": ErrorKind.SERVER,
}
BY_STATUS = {
    401: ErrorKind.AUTH,
    403: ErrorKind.AUTH,
    404: ErrorKind.MODEL_NOT_FOUND,
    429: ErrorKind.RATE_LIMIT,
    503: ErrorKind.OVERLOADED,
    529: ErrorKind.OVERLOADED,
}
NETWORK = re.compile(
    r"\bE(CONN|NOTFOUND|AI_AGAIN|TIMEDOUT|HOSTUNREACH|PIPE)|connection error|fetch failed", re.I
)
LIMIT = re.compile(r"usage limit|hit your .*limit|limit reached|credit balance", re.I)


def error_of(result: Result, name: str | None) -> AgentError:
    """Build the error of a failed turn; `name` is what the CLI called it, if it did."""
    text = result.result or "\n".join(result.errors or []) or (result.terminal_reason or "no reason given")
    kind = _kind(result, name, text)
    return AgentError(kind, text, result.api_error_status, kind in RETRYABLE)


def _kind(result: Result, name: str | None, text: str) -> ErrorKind:
    status = result.api_error_status
    if result.terminal_reason == "prompt_too_long":
        return ErrorKind.CONTEXT_OVERFLOW
    if LIMIT.search(text):
        return ErrorKind.USAGE_LIMIT
    if status is None and NETWORK.search(text):
        return ErrorKind.NETWORK
    if status in BY_STATUS:
        return BY_STATUS[status]
    if name in BY_NAME:
        return BY_NAME[name]
    if text.startswith("No conversation found"):
        return ErrorKind.BAD_REQUEST
    if status is not None:
        return ErrorKind.SERVER if status >= 500 else ErrorKind.BAD_REQUEST  # noqa: PLR2004 - HTTP
    return ErrorKind.UNKNOWN
