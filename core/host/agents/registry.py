"""Which driver speaks which agent's protocol. A new agent is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from core.errors import UnknownAgent
from core.ports import Driver

DRIVERS = {"claude": "core.host.agents.claude:ClaudeDriver"}


def make_driver(name: str) -> Driver:
    """Return a fresh driver for one process, or raise `UnknownAgent`."""
    try:
        module, _, cls = DRIVERS[name].partition(":")
    except KeyError:
        raise UnknownAgent(name=name, known=", ".join(sorted(DRIVERS))) from None
    make: Callable[[], Driver] = getattr(import_module(module), cls)
    return make()
