"""What every driver keeps, whichever agent it speaks with: checked on recordings and on a live agent."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.demo import command
from core.demo.repository import create
from core.events import (
    Event,
    PermissionRequested,
    PlanRequested,
    QuestionRequested,
    RequestResolved,
    SessionStarted,
    TurnFinished,
    TurnStarted,
    decode,
    encode,
)
from core.host.agents.registry import make_driver
from core.ports import AgentSpec, Cap, Driver
from core.states import PermissionMode
from tests.real_agents.drive import Driven

GOLDEN = Path(__file__).parents[1] / "golden"
DRIVERS = ("claude",)
NOISE = (
    b"",
    b"   ",
    b"\x1b[?25h",
    b"\xff\xfe\x00",
    b"warning: something happened",
    b'{"type": "assis',
    b"[]",
    b"null",
    b'{"type": "from_the_future", "request_id": 5}',
    b'{"type": 7}',
    b'{"no": "type"}',
    '{"text": "\u2028"}'.encode(),
)
Asking = PermissionRequested | PlanRequested | QuestionRequested


@dataclass(frozen=True)
class Recording:
    """One recorded run of an agent."""

    driver: str
    file: Path

    @property
    def lines(self) -> list[bytes]:
        return self.file.read_bytes().splitlines()


RECORDINGS = [
    Recording(driver, file)
    for driver in DRIVERS
    for file in sorted((GOLDEN / driver).glob("*.jsonl"))
    if not file.name.endswith(".events.jsonl")
]
recorded = pytest.mark.parametrize("recording", RECORDINGS, ids=lambda r: f"{r.driver}-{r.file.stem}")
every_driver = pytest.mark.parametrize("name", DRIVERS)


def feed(driver: Driver, lines: Sequence[bytes]) -> list[Event]:
    return [event for line in lines for event in driver.feed(line)]


def check_order(events: Sequence[Event]) -> None:
    """One conversation, named before its first turn; turns begin and end in turn."""
    started = [e for e in events if isinstance(e, SessionStarted)]
    turns = [e for e in events if isinstance(e, TurnStarted | TurnFinished)]
    if any(isinstance(e, TurnStarted) for e in turns):
        assert len(started) == 1
        assert events.index(started[0]) < events.index(next(e for e in turns if isinstance(e, TurnStarted)))
        assert started[0].agent_session
        kinds = [type(e) for e in turns]
        assert kinds == [TurnStarted, TurnFinished] * (len(turns) // 2)
    else:
        assert [e.outcome for e in turns if isinstance(e, TurnFinished)] == ["failed"]


def check_requests(events: Sequence[Event]) -> None:
    """A request is asked once; what is resolved was asked."""
    asked = [e.request for e in events if isinstance(e, Asking)]
    resolved = [e.request for e in events if isinstance(e, RequestResolved)]
    assert len(asked) == len(set(asked))
    assert set(resolved) <= set(asked)
    assert len(resolved) == len(set(resolved))


def check_failures(events: Sequence[Event]) -> None:
    """A turn has an error exactly when it failed."""
    for event in events:
        if isinstance(event, TurnFinished):
            assert (event.error is not None) == (event.outcome == "failed")


@recorded
def test_a_recording_keeps_the_order_of_turns_and_requests(recording: Recording) -> None:
    driver = make_driver(recording.driver)
    events = feed(driver, recording.lines)
    assert events
    check_order(events)
    check_requests(events)
    check_failures(events)
    assert driver.pending() == frozenset()


@recorded
def test_a_replay_gives_the_same_events_and_any_beginning_a_beginning_of_them(recording: Recording) -> None:
    lines = recording.lines
    whole = feed(make_driver(recording.driver), lines)
    assert feed(make_driver(recording.driver), lines) == whole
    half = feed(make_driver(recording.driver), lines[: len(lines) // 2])
    assert whole[: len(half)] == half


@recorded
def test_lines_nobody_knows_change_nothing(recording: Recording) -> None:
    noisy = [part for line in recording.lines for part in (*NOISE, line)]
    clean = feed(make_driver(recording.driver), recording.lines)
    assert feed(make_driver(recording.driver), noisy) == clean


@recorded
def test_every_event_survives_the_journal(recording: Recording) -> None:
    for event in feed(make_driver(recording.driver), recording.lines):
        assert decode(json.loads(json.dumps(encode(event)))) == event


@recorded
def test_every_request_can_be_answered_while_it_is_open_even_by_a_driver_that_only_replayed(
    recording: Recording,
) -> None:
    driver = make_driver(recording.driver)
    for line in recording.lines:
        for event in driver.feed(line):
            if isinstance(event, Asking):
                assert event.request in driver.pending()
                assert_frames(answer(driver, event))
                assert event.request not in driver.pending()


@every_driver
def test_a_request_nobody_made_gives_no_frame(name: str) -> None:
    driver = make_driver(name)
    assert not driver.plan("none", "approve", "")
    assert not driver.plan("none", "revise", "x")
    assert not driver.permission("none", "deny", "x")
    assert not driver.answer("none", {"0": ["x"]})


@every_driver
def test_a_start_has_the_marker_and_no_secret_of_ours(name: str) -> None:
    driver = make_driver(name)
    environ = {"HOME": "/h", "PATH": "/bin", "LEADHAND_TELEGRAM_TOKEN": "1:secret", "SOME_SECRET": "s3"}
    start = driver.start(
        AgentSpec(command=("agent", "x"), cwd="/r", marker="m1", mode=PermissionMode.PLAN, agent_session="s"),
        environ,
    )
    assert start.argv[:2] == ("agent", "x")
    assert start.env["LEADHAND_RUN"] == "m1"
    assert start.env["HOME"] == "/h"
    assert not {"1:secret", "s3"} & set(start.env.values())
    if start.greeting:
        assert_frames(start.greeting)


@every_driver
def test_prompts_and_interrupts_are_whole_frames_and_repeat_themselves(name: str) -> None:
    driver = make_driver(name)
    text = "two\nlines \u2028 and \x00 more"
    assert_frames(driver.prompt(text, "p1"))
    assert driver.prompt(text, "p1") == driver.prompt(text, "p1")
    assert_frames(driver.interrupt("i1"))
    assert Cap.PLAN in driver.caps


def assert_frames(frames: Sequence[bytes]) -> None:
    """Every frame is one whole line."""
    assert frames
    for frame in frames:
        assert frame.endswith(b"\n")
        assert frame.count(b"\n") == 1


def answer(driver: Driver, event: Asking) -> Sequence[bytes]:
    """Say yes to whatever is asked."""
    match event:
        case PlanRequested():
            return driver.plan(event.request, "approve", "")
        case QuestionRequested():
            labels = {i.id: [i.options[0].label if i.options else "yes"] for i in event.items}
            return driver.answer(event.request, labels)
        case PermissionRequested():
            return driver.permission(event.request, "allow", "")


# ---- a live agent ---------------------------------------------------------------------------------------


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Callable[[PermissionMode], Driven]]:
    """The demo agent over pipes."""
    create(tmp_path / "repo")
    runs: list[Driven] = []

    def start(mode: PermissionMode) -> Driven:
        spec = AgentSpec(
            command=command(),
            cwd=str(tmp_path / "repo"),
            marker="m1",
            mode=mode,
            agent_session="s1",
            env={
                "LEADHAND_DEMO_PACE": "0",
                "CLAUDE_CONFIG_DIR": str(tmp_path / "config"),
                "PYTHONPATH": os.environ.get("PYTHONPATH", str(Path.cwd())),
            },
        )
        runs.append(Driven(make_driver("claude"), spec, os.environ))
        return runs[-1]

    yield start
    for run in runs:
        run.process.kill()


@pytest.mark.parametrize("mode", PermissionMode)
def test_a_live_agent_whose_every_request_is_granted_finishes(
    mode: PermissionMode, live: Callable[[PermissionMode], Driven]
) -> None:
    run = live(mode)
    run.prompt("Do it", "p1")
    seen = 0
    while not run.of(TurnFinished):
        event = run.until(object)
        seen += 1
        if isinstance(event, Asking):
            run.send(answer(run.driver, event))
    assert run.finish() == 0
    assert run.of(TurnFinished)[0].outcome == "completed"
    assert run.driver.pending() == frozenset()
    check_order(run.events)
    check_requests(run.events)
    assert feed(make_driver("claude"), run.process.lines) == run.events
