"""The seams of the core, as Protocols: clock, link, store and agent drivers.

Everything that touches the world stands behind one of these; each has a contract suite in
`tests/contracts` that every implementation, real or fake, must pass.
"""

from __future__ import annotations

from core.ports.agents import AgentSpec, Cap, Driver, Start
from core.ports.clock import Clock
from core.ports.link import Beat, Command, ControlLink, HostLink, Record, Verb
from core.ports.store import (
    Commands,
    Decisions,
    Inbox,
    Journal,
    Outbox,
    Plans,
    Requests,
    Routes,
    Sessions,
    Store,
    Tx,
    Users,
    Worktrees,
)

__all__ = [
    "AgentSpec",
    "Beat",
    "Cap",
    "Clock",
    "Command",
    "Commands",
    "ControlLink",
    "Decisions",
    "Driver",
    "HostLink",
    "Inbox",
    "Journal",
    "Outbox",
    "Plans",
    "Record",
    "Requests",
    "Routes",
    "Sessions",
    "Start",
    "Store",
    "Tx",
    "Users",
    "Verb",
    "Worktrees",
]
