"""`leadhand keeper status|stop`: the daemon that owns the agents' processes; needs no token."""

from __future__ import annotations

import argparse
import asyncio

from core.config import home_of


def command(options: argparse.Namespace) -> int:
    """Show the keeper, or end it."""
    import os

    home = home_of(os.environ)
    if options.action == "stop":
        return asyncio.run(_stop(home, force=options.force))
    return asyncio.run(_status(home))
