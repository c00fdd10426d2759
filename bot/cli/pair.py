"""`leadhand pair`: a new pairing code for the running bot; an older code dies."""

from __future__ import annotations

import argparse

from bot.pairing import new_code
from core.config import load, prepare_home


def command(_: argparse.Namespace) -> int:
    """Print a code that is good once, for ten minutes."""
    config = load()
    prepare_home(config.home)
    print(f"send this to your bot within 10 minutes: /start {new_code(config.home)}")
    return 0
