"""What the generated key classes stand on: something that can say a text by its key."""

from abc import ABC, abstractmethod
from typing import TypeAlias

Value: TypeAlias = str | int | float


class Speaker(ABC):
    """Says texts in one language."""

    __slots__ = ()

    @abstractmethod
    def get(self, key: str, **values: Value) -> str:
        """Say the text of a key that is only known at run time."""
