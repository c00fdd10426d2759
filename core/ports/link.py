"""The seam between control and hosts: commands one way, gap-free records the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from core.events import Event
from core.model import Json, SessionId


class Verb(StrEnum):
    """What control can ask a host to do."""

    LAUNCH = "launch"  # worktree if missing, then the agent, then the prompts
    PROMPT = "prompt"  # a follow-up for a running agent
    PLAN = "plan"  # the decision on a plan that is held open
    PERMISSION = "permission"
    ANSWER = "answer"
    INTERRUPT = "interrupt"
    CLOSE = "close"  # let the agent end by itself
    KILL = "kill"  # end the whole process tree
    INSPECT = "inspect"  # commit forgotten changes, measure the branch
    LAND = "land"  # merge the branch
    REMOVE = "remove"  # remove the worktree, keeping a backup ref


@dataclass(frozen=True, slots=True)
class Command:
    """One order to a host: durable, delivered at least once, carried out once by its id."""

    id: str
    session: SessionId
    verb: Verb
    body: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """One event of a session. `seq` has no gaps; `offset` is where the agent's log was read up to."""

    session: SessionId
    epoch: int
    seq: int
    offset: int
    event: Event


@dataclass(frozen=True, slots=True)
class Beat:
    """What a host says about itself; `running` maps session to epoch."""

    host: str
    capacity: int
    running: Mapping[SessionId, int]


class ControlLink(Protocol):
    """Control's end of the link (distributed or in process)."""

    async def send(self, host: str, command: Command) -> None:
        """Deliver a command at least once; the host drops an id it has carried out."""
        ...

    def records(self) -> AsyncIterator[tuple[Sequence[Record], Callable[[], Awaitable[None]]]]:
        """Yield batches in order, each with the call that confirms it."""
        ...

    def acks(self) -> AsyncIterator[str]:
        """Yield ids of commands that were carried out or refused for good."""
        ...

    def beats(self) -> AsyncIterator[Beat]:
        """Yield what hosts say about themselves."""
        ...

    async def close(self) -> None:
        """End all iterators."""
        ...


class HostLink(Protocol):
    """The host's end of the link."""

    def commands(self) -> AsyncIterator[Command]:
        """Yield commands, per session in order."""
        ...

    async def done(self, command: str) -> None:
        """Confirm that a command was carried out, or refused with an event."""
        ...

    async def append(self, records: Sequence[Record]) -> None:
        """Hand over records; returns when control has stored them."""
        ...

    async def beat(self, beat: Beat) -> None:
        """Say that this host lives."""
        ...

    async def close(self) -> None:
        """End all iterators."""
        ...
