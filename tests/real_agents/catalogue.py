"""All scenarios with Claude Code, by name."""

from __future__ import annotations

from tests.real_agents import failures, scenarios
from tests.real_agents.stage import REGISTERED

MODULES = (scenarios, failures)  # importing them registers what they hold
SCENARIOS = dict(REGISTERED)
