"""What the scripted model says, in order: steps, the values taken from requests, and the cursor.

One request of an agent's main conversation takes one step; side calls take none. Thread-safe.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PLAN_FILE = r"(/[^\s\"'\\]+/plans/[\w.-]+\.md)"


@dataclass(frozen=True, slots=True)
class Text:
    """Words of the assistant."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """Words the assistant only thinks."""

    text: str


@dataclass(frozen=True, slots=True)
class Use:
    """A tool call. `{name}` in strings of the input is replaced by a captured value."""

    tool: str
    input: Mapping[str, Any] = field(default_factory=dict)


Block = Text | Thinking | Use


@dataclass(frozen=True, slots=True)
class Say:
    """A complete answer made of blocks, after `delay` seconds."""

    blocks: tuple[Block, ...]
    delay: float = 0.0
    input_tokens: int = 100
    output_tokens: int = 20


@dataclass(frozen=True, slots=True)
class Hang:
    """An answer that stops in the middle and keeps the connection open until it is released."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Drop:
    """An answer whose connection breaks in the middle."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Fail:
    """An HTTP error, `times` in a row (0: for ever)."""

    status: int
    times: int = 1
    message: str = ""
    retry_after: int | None = None


Step = Say | Hang | Drop | Fail


def say(*blocks: str | Block, delay: float = 0.0) -> Say:
    """Build an answer; plain strings are text."""
    return Say(tuple(Text(b) if isinstance(b, str) else b for b in blocks), delay)


class Script:
    """Steps for conversations whose first user message contains `match`."""

    def __init__(self, *steps: Step, match: str = "", capture: Mapping[str, str] | None = None) -> None:
        self.match = match
        self.steps: list[Step] = list(steps)
        self.captured: dict[str, str] = {}
        self.overrun = 0  # requests after the last step
        self._patterns = {"plan_file": PLAN_FILE, **(capture or {})}
        self._failed = 0
        self._lock = threading.Lock()

    def next(self, request_text: str) -> Step:
        """Take the step for this request and remember what its text gives."""
        with self._lock:
            for name, pattern in self._patterns.items():
                if found := re.findall(pattern, request_text):
                    self.captured[name] = found[-1]
            if not self.steps:
                self.overrun += 1
                return say("The script is over.")
            step = self.steps[0]
            if isinstance(step, Fail):
                self._failed += 1
                if step.times == 0 or self._failed < step.times:
                    return step
                self._failed = 0
            self.steps.pop(0)
            return self._filled(step)

    def add(self, *steps: Step) -> None:
        """Append steps while the server runs."""
        with self._lock:
            self.steps.extend(steps)

    def _filled(self, step: Step) -> Step:
        if not isinstance(step, Say):
            return step
        blocks = tuple(
            Use(block.tool, _fill(block.input, self.captured)) if isinstance(block, Use) else block
            for block in step.blocks
        )
        return Say(blocks, step.delay, step.input_tokens, step.output_tokens)


def _fill(value: Any, captured: Mapping[str, str]) -> Any:
    match value:
        case str():
            for name, found in captured.items():
                value = value.replace("{" + name + "}", found)
            return value
        case Mapping():
            return {key: _fill(item, captured) for key, item in value.items()}
        case list() | tuple():
            return [_fill(item, captured) for item in value]
        case _:
            return value


def load(text: str) -> list[Script]:
    """Read scripts from JSON: a list of {"match", "steps"}, each step one object.

    Steps: {"say": ["text", {"tool": …, "input": …}, {"thinking": …}], "delay"}, {"hang": "text"},
    {"drop": "text"}, {"fail": 429, "times", "message", "retry_after"}.
    """
    return [Script(*map(_step, item["steps"]), match=item.get("match", "")) for item in json.loads(text)]


def _step(data: Mapping[str, Any]) -> Step:
    match data:
        case {"say": list(blocks)}:
            return say(*map(_block, blocks), delay=data.get("delay", 0.0))
        case {"hang": str(text)}:
            return Hang(text)
        case {"drop": str(text)}:
            return Drop(text)
        case {"fail": int(status)}:
            return Fail(status, data.get("times", 1), data.get("message", ""), data.get("retry_after"))
        case _:
            raise ValueError(f"no such step: {data}")


def _block(data: Any) -> Block:
    match data:
        case str():
            return Text(data)
        case {"thinking": str(text)}:
            return Thinking(text)
        case {"tool": str(tool)}:
            return Use(tool, data.get("input", {}))
        case _:
            raise ValueError(f"no such block: {data}")


def flatten(content: Any) -> str:
    """Return all text of a message content, system prompt or tool result."""
    match content:
        case str():
            return content
        case Mapping():
            return flatten(content.get("text") or content.get("content") or "")
        case Sequence():
            return "\n".join(map(flatten, content))
        case _:
            return ""
