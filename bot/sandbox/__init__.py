"""A local Telegram: the Bot API, people who chat with the bot, and a chat page.

It imports nothing of core and nothing else of bot, so any Bot API client can be tested against it.
"""

from bot.sandbox.handles import Note, NotSeenError, Person, Room, StillSpinningError, Toast
from bot.sandbox.stage import Sandbox

__all__ = ["NotSeenError", "Note", "Person", "Room", "Sandbox", "StillSpinningError", "Toast"]
