"""The door of the core: `Engine`, and the pure modules `model`, `states`, `events`, `errors`, `config`.

Nothing else is public. The engine is loaded on first use, so that the keeper and the `lh` client stay small.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing and importlib alone take longer to load than `lh` takes to answer
if TYPE_CHECKING:
    from core.engine import Engine

__all__ = ["Engine"]


def __getattr__(name: str) -> object:
    """Load the engine on first use."""
    if name == "Engine":
        from core.engine import Engine

        return Engine
    raise AttributeError(f"core has no public name {name!r}")
