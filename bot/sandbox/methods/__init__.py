"""The Bot API's methods, one function each, by noun; importing the package fills the table."""

from bot.sandbox.methods import (
    callbacks,
    chats,
    edits,
    files,
    messages,
    pins,
    polling,
    profile,
    reactions,
    topics,
)
from bot.sandbox.methods.table import TABLE

__all__ = [
    "TABLE", "callbacks", "chats", "edits", "files", "messages", "pins", "polling", "profile", "reactions",
    "topics",
]  # fmt: skip
