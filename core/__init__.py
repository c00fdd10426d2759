"""The door of the core: `Engine`, and the pure modules `model`, `states`, `events`, `errors`, `config`.

Nothing else is public. The engine is loaded on first use, so that the keeper and the `lh` client stay small.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers read it; importing `typing` would cost the keeper memory
if TYPE_CHECKING:
    from core.engine import Engine

__all__ = ["Engine"]


def __getattr__(name: str) -> object:
    """Load the engine on first use."""
    if name == "Engine":
        from importlib import import_module

        return import_module("core.engine").Engine
    raise AttributeError(f"core has no public name {name!r}")
