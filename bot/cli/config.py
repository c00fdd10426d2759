"""`leadhand config`: every setting with its source; needs no token."""

from __future__ import annotations

import argparse

from core.config import explain, load


def command(_: argparse.Namespace) -> int:
    """Print the settings as a table."""
    rows = list(explain(load()))
    width = max(len(setting) for setting, _, _ in rows)
    shown = max(min(len(value), 60) for _, value, _ in rows)
    for setting, value, source in rows:
        print(f"{setting:<{width}}  {value:<{shown}}  {source}")
    return 0
