"""`leadhand config`: every setting with its source; needs no token."""

from __future__ import annotations

import argparse

from bot.cli.settings import read
from core.config import explain


def command(_: argparse.Namespace) -> int:
    """Print the settings as a table."""
    rows = list(explain(read()))
    width = max(len(setting) for setting, _, _ in rows)
    shown = max(min(len(value), 60) for _, value, _ in rows)
    for setting, value, source in rows:
        print(f"{setting:<{width}}  {value:<{shown}}  {source}")
    return 0
