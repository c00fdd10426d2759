"""`leadhand pair`: a new pairing code for the running bot; an older code dies."""

from __future__ import annotations

import argparse
import os

from bot.pairing import new_code
from core.config import home_of, prepare_home


def command(_: argparse.Namespace) -> int:
    """Print a code that is good once, for ten minutes."""
    home = home_of(os.environ)
    prepare_home(home)
    print(f"send this to your bot within 10 minutes: /start {new_code(home)}")
    return 0
