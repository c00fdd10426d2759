"""What the generated key classes stand on: something that can say a text by its key."""

from typing import TypeAlias

Value: TypeAlias = str | int | float


class Speaker:
    """Says texts in one language."""

    __slots__ = ()

    def get(self, key: str, **values: Value) -> str:
        """Say the text of a key that is only known at run time."""
        raise NotImplementedError
