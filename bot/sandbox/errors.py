"""Telegram's refusals: status code, description word for word, and response parameters."""

from typing import Any

BAD_REQUEST = 400
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
CONFLICT = 409
TOO_MANY = 429

TERMINATED_BY_POLL = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)
TERMINATED_BY_WEBHOOK = "Conflict: terminated by setWebhook request"
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


class ApiError(Exception):
    """An answer with `ok: false`."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def body(self) -> dict[str, Any]:
        """The JSON object the Bot API answers with."""
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


class DroppedError(Exception):
    """The fault "dropped connection": the client gets no answer at all."""

    def __init__(self, *, after: bool) -> None:
        super().__init__("after the call" if after else "before the call")
        self.after = after


def bad(text: str, **parameters: int) -> ApiError:
    """400 with Telegram's prefix."""
    return ApiError(BAD_REQUEST, f"Bad Request: {text}", **parameters)


def forbidden(text: str) -> ApiError:
    """403 with Telegram's prefix."""
    return ApiError(FORBIDDEN, f"Forbidden: {text}")


def flood(seconds: int) -> ApiError:
    """429 with the seconds to wait, in words and as a parameter."""
    return ApiError(TOO_MANY, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
