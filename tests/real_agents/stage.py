"""How a scenario is written down: the steps of the model and the moves of the person, under a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.states import PermissionMode
from tests.model_server.script import Script, Step, Use, say
from tests.real_agents.claude_cli import Bench
from tests.real_agents.drive import Driven

PLAN = PermissionMode.PLAN
DEFAULT = PermissionMode.DEFAULT
BYPASS = PermissionMode.BYPASS


@dataclass(frozen=True, slots=True)
class Scenario:
    """Steps of the model, moves of the person; `play` returns the run worth keeping."""

    name: str
    steps: tuple[Step, ...]
    play: Callable[[Bench], Driven]


REGISTERED: dict[str, Scenario] = {}


def scenario(*steps: Step) -> Callable[[Callable[[Bench], Driven]], Callable[[Bench], Driven]]:
    """Register a scenario under the name of its function."""

    def register(play: Callable[[Bench], Driven]) -> Callable[[Bench], Driven]:
        REGISTERED[play.__name__] = Scenario(play.__name__, steps, play)
        return play

    return register


def script(steps: Sequence[Step], bench_path: str) -> Script:
    """Build the script; `{wt}` stands for the worktree."""
    made = Script(*steps)
    made.captured["wt"] = bench_path
    return made


def write(name: str, text: str = "x\n") -> Use:
    return Use("Write", {"file_path": "{wt}/" + name, "content": text})


def bash(command: str) -> Use:
    return Use("Bash", {"command": command, "description": "run it"})


def plan_file(text: str) -> Step:
    return say(Use("Write", {"file_path": "{plan_file}", "content": text}))


EXIT_PLAN = say(Use("ExitPlanMode"))
