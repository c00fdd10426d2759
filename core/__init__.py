"""The door of the core: engine, records, events and errors. Nothing else is public.

Names are loaded when first used, so that the keeper and the `lh` client load none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core import config, errors, events, model, ports
    from core.engine import Engine

__all__ = ["Engine", "config", "errors", "events", "model", "ports"]


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name == "Engine":
        return import_module("core.engine").Engine
    if name in __all__:
        return import_module(f"core.{name}")
    raise AttributeError(f"core has no public name {name!r}")
