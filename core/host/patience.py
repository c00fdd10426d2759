"""Repeats a step until it works: while the disk is full or the other side is away, nothing is dropped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 10.0


async def patiently(
    what: str, step: Callable[[], Awaitable[None]], *, over: type[Exception] = Exception
) -> None:
    """Run a step until it does not raise `over`; each pause is twice as long as the one before."""
    pause = FIRST_PAUSE_S
    while True:
        try:
            await step()
        except over as error:
            log.warning("%s, trying again: %s: %s", what, type(error).__name__, error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
        else:
            return
