"""Recorded runs of the real CLI give the events they gave when they were looked at.

`python -m tests.golden.record` plays and records them again; with `--expect` only the events are rewritten.
"""

from __future__ import annotations

import json

import pytest

from tests.golden.record import FOLDER, events_of
from tests.real_agents.catalogue import SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_recording_gives_the_expected_events(name: str) -> None:
    expected = (FOLDER / f"{name}.events.jsonl").read_text("utf-8").splitlines()
    assert events_of(name) == [json.loads(line) for line in expected]


def test_every_recording_belongs_to_a_scenario() -> None:
    names = {path.name.split(".")[0] for path in FOLDER.iterdir()}
    assert names == set(SCENARIOS)
