"""The demo agent through the Claude driver: the whole play, and every way it can be cut short."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.demo import command
from core.demo.formats import KNOWN, TEST_FILE, with_code, with_test
from core.demo.repository import FORMATS, TEST_FORMATS, create
from core.events import (
    InputAccepted,
    Message,
    MessageDelta,
    ModeChanged,
    PermissionRequested,
    PlanRequested,
    QuestionRequested,
    RequestResolved,
    SessionStarted,
    ToolFinished,
    ToolStarted,
    TurnFinished,
    TurnStarted,
    Used,
)
from core.host.agents.claude import ClaudeDriver
from core.ports import AgentSpec
from core.states import PermissionMode
from tests.real_agents.drive import Driven

Start = Callable[..., Driven]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "tally"
    create(path)
    return path


@pytest.fixture
def start(repository: Path, tmp_path: Path) -> Iterator[Start]:
    """Start the demo agent as the host would; everything left running is ended."""
    runs: list[Driven] = []

    def begin(mode: PermissionMode = PermissionMode.PLAN, **fields: Any) -> Driven:
        env = {
            "LEADHAND_DEMO_PACE": "0",
            "CLAUDE_CONFIG_DIR": str(tmp_path / "config"),
            "PYTHONPATH": os.environ.get("PYTHONPATH", str(Path.cwd())),
        }
        spec = AgentSpec(
            command=command(),
            cwd=str(repository),
            marker="run-1",
            mode=mode,
            env=env,
            **{"agent_session": "11111111-1111-4111-8111-111111111111", **fields},
        )
        run = Driven(ClaudeDriver(), spec, os.environ)
        runs.append(run)
        return run

    yield begin
    for run in runs:
        run.process.kill()


def status(repository: Path) -> set[str]:
    out = subprocess.run(
        ["git", "status", "--short"], cwd=repository, capture_output=True, text=True, check=True
    )
    return {line[3:] for line in out.stdout.splitlines()}


def passes(repository: Path) -> bool:
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return (
        subprocess.run(
            [sys.executable, "-m", "unittest", "-q"], cwd=repository, env=env, check=False
        ).returncode
        == 0
    )


def pressed(run: Driven, label: str) -> None:
    """Answer the question that is asked next."""
    asked = run.until(QuestionRequested)
    assert label in [option.label for option in asked.items[0].options]
    run.send(run.driver.answer(asked.request, {asked.items[0].id: [label]}))


def test_the_whole_play_edits_files_and_reports_what_the_tests_said(start: Start, repository: Path) -> None:
    run = start()
    run.prompt("Add an output format for programs", "p1")
    first = run.until(PlanRequested)
    assert first.plan.startswith("# Add an output format for programs\n")
    assert status(repository) == set()

    run.send(run.driver.plan(first.request, "revise", "Mention it in the README, please"))
    second = run.until(PlanRequested)
    assert "Mention it in the README, please" in second.plan
    assert "version 2" in second.plan

    run.send(run.driver.plan(second.request, "approve", ""))
    pressed(run, "CSV")
    end = run.until(TurnFinished)
    assert run.finish() == 0

    assert end.outcome == "completed"
    assert "CSV" in end.text
    assert "4 run, all passed." in end.text
    assert status(repository) == {"tally/formats.py", "tests/test_formats.py", "README.md"}
    assert passes(repository)
    assert run.of(ModeChanged) == [ModeChanged("acceptEdits")]
    assert [e.title for e in run.of(ToolStarted) if e.tool_kind == "read"] == [
        "README.md",
        "tally/formats.py",
        "tests/test_formats.py",
    ]
    assert all(e.ok for e in run.of(ToolFinished))
    assert run.of(PermissionRequested) == []
    assert len(run.of(SessionStarted)) == len(run.of(TurnStarted)) == 1
    assert run.of(Used)[0].output_tokens > 0
    assert run.of(Used)[0].cost_usd is None
    assert "".join(e.text for e in run.of(MessageDelta)) == "".join(e.text for e in run.of(Message))
    assert dict(run.driver.unknown) == {}  # type: ignore[attr-defined]


@pytest.mark.parametrize("label", [one.label for one in KNOWN])
def test_every_format_it_can_add_passes_its_own_test(label: str, tmp_path: Path) -> None:
    wanted = next(one for one in KNOWN if one.label == label)
    create(tmp_path)
    (tmp_path / "tally/formats.py").write_text(with_code(FORMATS, wanted))
    (tmp_path / TEST_FILE).write_text(with_test(TEST_FORMATS, wanted))
    assert passes(tmp_path)


def test_the_demo_repository_passes_its_tests_and_is_clean(repository: Path) -> None:
    assert passes(repository)
    assert status(repository) == set()
    create(repository)  # nothing happens to one that is there
    assert status(repository) == set()


def test_a_rejected_plan_ends_the_turn_and_changes_nothing(start: Start, repository: Path) -> None:
    run = start()
    run.prompt("Do it", "p1")
    plan = run.until(PlanRequested)
    run.send(run.driver.plan(plan.request, "reject", ""))
    assert run.until(TurnFinished).outcome == "interrupted"
    run.finish()
    assert status(repository) == set()


def test_a_message_while_it_works_is_taken_into_the_same_turn(start: Start) -> None:
    run = start(PermissionMode.BYPASS)
    run.prompt("Do it", "p1")
    asked = run.until(QuestionRequested)
    run.prompt("And be quick", "p2")
    run.send(run.driver.answer(asked.request, {"0": ["JSON"]}))
    end = run.until(TurnFinished)
    run.finish()
    assert "And be quick" in end.text
    assert [e.input for e in run.of(InputAccepted)] == ["p1", "p2"]
    assert len(run.of(TurnStarted)) == 1


def test_without_a_plan_it_asks_before_every_change(start: Start, repository: Path) -> None:
    run = start(PermissionMode.DEFAULT)
    run.prompt("Do it", "p1")
    pressed(run, "JSON")
    first = run.until(PermissionRequested)
    assert (first.tool_kind, first.title, first.inside) == ("edit", "tally/formats.py", True)
    run.send(run.driver.permission(first.request, "allow", ""))
    second = run.until(PermissionRequested)
    run.send(run.driver.permission(second.request, "session", ""))  # from here on nobody is asked
    assert run.until(TurnFinished).outcome == "completed"
    run.finish()
    assert len(run.of(PermissionRequested)) == 2
    assert passes(repository)


def test_a_denied_change_ends_the_work_honestly(start: Start, repository: Path) -> None:
    run = start(PermissionMode.DEFAULT)
    run.prompt("Do it", "p1")
    pressed(run, "JSON")
    asked = run.until(PermissionRequested)
    run.send(run.driver.permission(asked.request, "deny", "not today"))
    assert run.until(TurnFinished).text == "I stopped: Edit was not allowed."
    run.finish()
    assert status(repository) == set()


def test_an_interrupt_takes_the_pending_request_back(start: Start) -> None:
    run = start()
    run.prompt("Do it", "p1")
    plan = run.until(PlanRequested)
    run.send(run.driver.interrupt("stop-1"))
    assert run.until(RequestResolved) == RequestResolved(plan.request, "agent")
    assert run.until(TurnFinished).outcome == "interrupted"
    assert run.driver.pending() == frozenset()
    run.finish()


def test_sigterm_ends_it_at_once(start: Start) -> None:
    run = start()
    run.prompt("Do it", "p1")
    run.until(PlanRequested)
    os.kill(run.process.proc.pid, signal.SIGTERM)
    assert run.process.wait(5) == 143


def test_a_plan_pending_at_a_kill_can_be_approved_by_resuming(start: Start, repository: Path) -> None:
    run = start()
    run.prompt("Add a format", "p1")
    run.until(PlanRequested)
    run.process.kill()

    resumed = start(resume=True, approved=True)
    resumed.prompt("Your plan was approved. Carry it out.", "p2")
    pressed(resumed, "JSON")
    assert resumed.until(TurnFinished).outcome == "completed"
    assert resumed.finish() == 0
    assert passes(repository)
    assert "tally/formats.py" in status(repository)


def test_a_plan_pending_at_a_kill_can_be_revised_by_resuming(start: Start) -> None:
    run = start()
    run.prompt("Add a format", "p1")
    run.until(PlanRequested)
    run.process.kill()

    resumed = start(resume=True)
    resumed.prompt("Write fewer steps", "p2")
    plan = resumed.until(PlanRequested)
    assert "version 2" in plan.plan
    assert "Write fewer steps" in plan.plan


def test_a_kill_in_the_middle_of_the_work_is_made_good_by_resuming(start: Start, repository: Path) -> None:
    run = start(PermissionMode.DEFAULT)
    run.prompt("Add a format", "p1")
    pressed(run, "CSV")
    first = run.until(PermissionRequested)
    run.send(run.driver.permission(first.request, "allow", ""))
    run.until(PermissionRequested)  # one of two files is changed
    run.process.kill()

    resumed = start(PermissionMode.BYPASS, resume=True)
    resumed.prompt("Go on", "p2")
    end = resumed.until(TurnFinished)
    assert "CSV" in end.text
    assert "4 run, all passed." in end.text
    assert resumed.of(QuestionRequested) == []
    assert [e.title for e in resumed.of(ToolStarted) if e.tool_kind == "edit"] == ["tests/test_formats.py"]
    assert status(repository) == {"tally/formats.py", "tests/test_formats.py"}


def test_a_prompt_after_the_end_is_a_small_second_task(start: Start, repository: Path) -> None:
    run = start(PermissionMode.BYPASS)
    run.prompt("Do it", "p1")
    pressed(run, "JSON")
    run.until(TurnFinished)
    run.finish()

    resumed = start(PermissionMode.BYPASS, resume=True)
    resumed.prompt("Do it", "p1")  # repeated: known from before
    resumed.prompt("Say that it is fast", "p2")
    end = resumed.until(TurnFinished)
    assert "Say that it is fast" in end.text
    assert "- Say that it is fast" in (repository / "README.md").read_text()
    assert len(resumed.of(TurnStarted)) == 1
    assert resumed.finish() == 0


def test_a_resume_of_nothing_fails_as_the_real_one_does(start: Start) -> None:
    run = start(resume=True, agent_session="nobody")
    end = run.until(TurnFinished)
    assert end.error is not None
    assert end.error.message == "No conversation found with session ID: nobody"
    assert run.process.wait(5) == 1


def test_an_id_in_use_is_refused(start: Start) -> None:
    run = start()
    run.prompt("Do it", "p1")
    run.until(PlanRequested)
    run.process.kill()
    second = start()
    assert second.process.wait(5) == 1
    second.process.drained.wait(5)
    assert b"is already in use" in second.process.terminal


def test_a_frame_that_is_no_frame_ends_it(start: Start) -> None:
    run = start()
    assert run.process.proc.stdin is not None
    run.process.proc.stdin.write(b"{oops\n")
    run.process.proc.stdin.flush()
    assert run.process.wait(5) == 1


def test_it_tells_its_version() -> None:
    ran = subprocess.run([*command(), "--version"], capture_output=True, text=True, check=True)
    assert "Leadhand demo agent" in ran.stdout
