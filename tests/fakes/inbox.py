"""The inbox in memory, with the semantics of the store: an id is taken once, what is not done is open."""

from __future__ import annotations

from collections.abc import Sequence


class FakeInbox:
    def __init__(self) -> None:
        self.bodies: dict[int, str] = {}
        self.done: set[int] = set()
        self.broken = 0  # so many of the next writes fail

    async def journal(self, update: int, body: str) -> bool:
        if self.broken:
            self.broken -= 1
            raise OSError("the disk is full")
        if update in self.bodies:
            return False
        self.bodies[update] = body
        return True

    async def handled(self, update: int) -> None:
        self.done.add(update)

    async def waiting(self) -> Sequence[tuple[int, str]]:
        return [row for row in sorted(self.bodies.items()) if row[0] not in self.done]
