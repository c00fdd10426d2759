"""The table of methods by lower-cased name; a function's name without underscores is its key."""

from collections.abc import Callable
from typing import Any

from bot.sandbox.context import Ctx

Method = Callable[[Ctx], Any]
TABLE: dict[str, Method] = {}


def method(function: Method) -> Method:
    """Register a Bot API method: `send_message` answers `sendMessage` in any case."""
    TABLE[function.__name__.replace("_", "").lower()] = function
    return function
