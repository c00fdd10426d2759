"""Records the golden runs: `python -m tests.golden.record` with the real CLI installed.

Plays every scenario, trims the frames to what the mapper reads, takes ids, paths and other chance out, and
writes the events they give beside them. With `--expect` only the events are written anew.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from core.events import MessageDelta, encode
from core.host.agents.claude import ClaudeDriver
from core.host.agents.claude.frames import MODELS, QUIET, CanUseTool
from tests.real_agents.catalogue import SCENARIOS
from tests.real_agents.claude_cli import Bench, bench
from tests.real_agents.stage import Scenario, script

FOLDER = Path(__file__).parent / "claude"
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|toolu_\d+")
PLAN_NAME = re.compile(r"plans/[\w-]+\.md")
PORT = re.compile(r"127\.0\.0\.1:\d+")


def main() -> None:
    """Record everything, or only what is named."""
    names = [name for name in sys.argv[1:] if not name.startswith("-")]
    FOLDER.mkdir(exist_ok=True)
    for name, scenario in SCENARIOS.items():
        if names and name not in names:
            continue
        if "--expect" not in sys.argv:
            (FOLDER / f"{name}.jsonl").write_text(recorded(scenario), "utf-8")
        write_expected(name)
        sys.stdout.write(f"{name}\n")


def recorded(scenario: Scenario) -> str:
    """Play a scenario and return its trimmed frames."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "b"
        with bench(root, script(scenario.steps, str(root / "worktree"))) as made:
            lines = scenario.play(made).process.lines
            return without_chance("".join(trimmed(lines)), made)


def trimmed(lines: Iterable[bytes]) -> Iterable[str]:
    """Keep what the mapper reads; deltas of tool input and the like say nothing to it."""
    for line in lines:
        try:
            frame = json.loads(line)
        except ValueError:
            yield line.decode()
            continue
        kept = small(frame)
        if kept is not None:
            yield json.dumps(kept) + "\n"


def small(frame: dict[str, Any]) -> dict[str, Any] | None:
    """Return the frame without fields nobody reads, or None when nothing is left to read."""
    kind = frame["type"]
    if kind in QUIET or kind not in MODELS:
        return {"type": kind}
    kept = MODELS[kind].model_validate(frame).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if kind == "stream_event" and "text_delta" not in str(kept):
        return None
    if "task" not in (kept.get("tool_use_result") or ()):  # only the list of steps reads it
        kept.pop("tool_use_result", None)
    if kind == "control_request":
        asked = CanUseTool.model_validate(frame["request"])
        fields = asked.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        kept["request"] = {"subtype": frame["request"]["subtype"], **fields}
    return {"type": kind, **kept}


def without_chance(text: str, made: Bench) -> str:
    """Replace what differs from run to run by what does not."""
    for place, name in ((made.worktree, "/repo"), (made.home, "/person"), (made.root, "/bench")):
        text = text.replace(str(place), name)
    numbers: dict[str, str] = {}
    for found in ID.findall(text):
        numbers.setdefault(found, f"id-{len(numbers) + 1}")
    text = ID.sub(lambda match: numbers[match[0]], text)
    text = PORT.sub("127.0.0.1:1", PLAN_NAME.sub("plans/plan.md", text))
    return re.sub(r'"retry_delay_ms": [\d.]+', '"retry_delay_ms": 1000', text)


def events_of(name: str) -> list[dict[str, Any]]:
    """Feed a recording to a fresh driver and return what is told, without the deltas."""
    driver = ClaudeDriver()
    lines = (FOLDER / f"{name}.jsonl").read_bytes().splitlines()
    told = [event for line in lines for event in driver.feed(line)]
    return [json.loads(json.dumps(encode(e))) for e in told if not isinstance(e, MessageDelta)]


def write_expected(name: str) -> None:
    """Write the events a recording gives now."""
    text = "".join(json.dumps(event) + "\n" for event in events_of(name))
    (FOLDER / f"{name}.events.jsonl").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
