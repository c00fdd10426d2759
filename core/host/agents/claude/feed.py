"""Claude Code's frames as events: pure, deterministic, replayable from the first line of a run.

Requests are open until the agent takes them back, their tool call returns or the turn ends; only the
first and the last make an event here, because an answer of ours is recorded by who sent it.
"""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from core.events import (
    Compacted,
    Event,
    InputAccepted,
    Message,
    MessageDelta,
    ModeChanged,
    NoticeGiven,
    PermissionRequested,
    PlanRequested,
    QuestionRequested,
    RequestResolved,
    Retrying,
    SessionStarted,
    ToolFinished,
    ToolStarted,
    TurnFinished,
    TurnStarted,
    Used,
)
from core.host.agents.claude import frames
from core.host.agents.claude.errors import error_of
from core.host.agents.claude.questions import items_of
from core.host.agents.claude.todo import TodoList
from core.host.agents.claude.tools import detail_of, kind_of, one_line, stays_inside, title_of

log = logging.getLogger(__name__)
OUTPUT = 4000
REMEMBERED = 64  # closed requests whose input is kept, so that a repeated answer can be encoded again
ASKING = frozenset({"ExitPlanMode", "AskUserQuestion"})
INTERRUPT = "interrupt:"
STREAM_CLOSED = "Tool permission request failed"


class ClaudeFeed:
    """What one run of the agent has said so far."""

    def __init__(self, cwd: str = "") -> None:
        self.unknown: Counter[str] = Counter()
        self.open: dict[str, frames.CanUseTool] = {}
        self.asked: OrderedDict[str, frames.CanUseTool] = OrderedDict()
        self._cwd = cwd
        self._mode: str | None = None
        self._started = False
        self._turn = False
        self._interrupted = False
        self._cost = 0.0
        self._words = ""  # the last text of this turn: the plan, when the agent wrote no plan file
        self._error: str | None = None
        self._accepted: set[str] = set()
        self._hidden: set[str] = set()  # calls shown as requests, not as tools
        self._todo = TodoList()

    def feed(self, line: bytes) -> list[Event]:
        """Map one line."""
        return list(self._map(frames.read(line)))

    def _map(self, frame: frames.Frame | frames.Unknown | None) -> Iterator[Event]:
        match frame:
            case frames.Stream():
                yield from self._delta(frame)
            case frames.Assistant():
                yield from self._assistant(frame)
            case frames.User():
                yield from self._results(frame)
            case frames.System():
                yield from self._system(frame)
            case frames.ControlRequest():
                yield from self._request(frame)
            case frames.ControlCancel():
                yield from self._withdrawn(frame.request_id)
            case frames.ControlResponse(response=answer):
                yield from self._answered(answer)
            case frames.Lifecycle():
                yield from self._lifecycle(frame)
            case frames.Result():
                yield from self._result(frame)
            case frames.Unknown(what):
                self._count(what)
            case _:
                pass

    def _count(self, what: str) -> None:
        self.unknown[what] += 1
        log.debug("a frame nobody reads: %s (%d)", what, self.unknown[what])

    # ---- the conversation ---------------------------------------------------------------------------

    def _system(self, frame: frames.System) -> Iterator[Event]:
        match frame.subtype:
            case "init":
                yield from self._init(frame)
            case "status":
                yield from self._mode_is(frame.permission_mode)
            case "api_retry":
                error = " ".join(str(x) for x in (frame.error, frame.error_status) if x is not None)
                yield Retrying(frame.attempt, frame.max_retries, int(frame.retry_delay_ms), error)
            case "compact_boundary":
                yield Compacted()
            case _:
                pass

    def _init(self, frame: frames.System) -> Iterator[Event]:
        """The first one names the conversation; every one begins a turn."""
        self._cwd = frame.cwd or self._cwd
        if not self._started:
            self._started = True
            self._mode = frame.permission_mode
            mode = frame.permission_mode or ""
            yield SessionStarted(frame.session_id, frame.model, self._cwd, mode, frame.version)
        else:
            yield from self._mode_is(frame.permission_mode)
        if not self._turn:
            self._turn = True
            self._words, self._error = "", None
            yield TurnStarted()

    def _mode_is(self, mode: str | None) -> Iterator[Event]:
        if mode is not None and mode != self._mode:
            self._mode = mode
            yield ModeChanged(mode)

    def _delta(self, frame: frames.Stream) -> Iterator[Event]:
        delta = frame.event.delta
        if delta is None or frame.parent_tool_use_id:
            return
        if delta.type == "text_delta" and delta.text:
            yield MessageDelta(delta.text)
        elif delta.type == "thinking_delta" and delta.thinking:
            yield MessageDelta(delta.thinking, thinking=True)

    def _assistant(self, frame: frames.Assistant) -> Iterator[Event]:
        if frame.is_api_error or frame.error:
            self._error = frame.error  # the result says the rest
            return
        ours = frame.parent_tool_use_id is None
        for block in frame.message.blocks:
            if block.type == "text" and ours and block.text.strip():
                self._words = block.text
                yield Message(block.text)
            elif block.type == "thinking" and ours and block.thinking.strip():
                yield Message(block.thinking, thinking=True)
            elif block.type == "tool_use":
                yield from self._tool(block)

    def _tool(self, block: frames.Block) -> Iterator[Event]:
        if block.name in ASKING:
            self._hidden.add(block.id)
            return
        title = title_of(block.name, block.input, self._cwd)
        yield ToolStarted(block.id, block.name, kind_of(block.name), title)
        if todo := self._todo.called(block.id, block.name, block.input):
            yield todo

    def _results(self, frame: frames.User) -> Iterator[Event]:
        for block in frame.message.blocks:
            if block.type == "tool_result":
                yield from self._came_back(block, frame.tool_use_result)

    def _came_back(self, block: frames.Block, result: Any) -> Iterator[Event]:
        call, ok, output = block.tool_use_id, not block.is_error, _flat(block.content)
        for request in [r for r, asked in self.open.items() if asked.tool_use_id == call]:
            del self.open[request]
            if not ok and output.startswith(STREAM_CLOSED):  # its input ended before we answered
                yield RequestResolved(request)
        if call in self._hidden:
            self._hidden.discard(call)
            return
        yield ToolFinished(call, ok, output[:OUTPUT])
        if todo := self._todo.finished(call, ok=ok, result=result):
            yield todo

    # ---- requests -----------------------------------------------------------------------------------

    def _request(self, frame: frames.ControlRequest) -> Iterator[Event]:
        asked = frames.request_of(frame)
        if isinstance(asked, frames.Unknown):
            self._count(asked.what)
            yield NoticeGiven(f"The agent waits for something Leadhand cannot answer: {asked.what}", "driver")
            return
        if frame.request_id in self.asked:
            return
        self._remember(frame.request_id, asked)
        yield self._asks(frame.request_id, asked)

    def _asks(self, request: str, asked: frames.CanUseTool) -> Event:
        given, tool = asked.input, asked.tool_name
        if tool == "ExitPlanMode":
            plan = given.get("plan")
            text = plan if isinstance(plan, str) and plan.strip() else self._words
            return PlanRequested(request, text, str(given.get("planFilePath") or ""), editable=True)
        if tool == "AskUserQuestion":
            try:
                return QuestionRequested(request, items_of(given))
            except ValidationError:
                self._count("AskUserQuestion?")
        title = title_of(tool, given, self._cwd)
        inside = stays_inside(asked, self._cwd)
        detail = detail_of(tool, given)
        return PermissionRequested(request, asked.tool_use_id, tool, kind_of(tool), title, detail, inside)

    def _remember(self, request: str, asked: frames.CanUseTool) -> None:
        self.open[request] = self.asked[request] = asked
        while len(self.asked) > REMEMBERED and (first := next(iter(self.asked))) not in self.open:
            del self.asked[first]

    def _withdrawn(self, request: str) -> Iterator[Event]:
        if self.open.pop(request, None) is not None:
            self.asked.pop(request, None)
            yield RequestResolved(request)

    def _answered(self, answer: frames.ControlAnswer) -> Iterator[Event]:
        """Our interrupt was heard: whatever the agent calls the end of this turn, it was ours."""
        if answer.subtype == "error":
            yield NoticeGiven(one_line(answer.error), "agent")
        elif answer.request_id.startswith(INTERRUPT) and self._turn:
            self._interrupted = True

    # ---- prompts and turns ---------------------------------------------------------------------------

    def _lifecycle(self, frame: frames.Lifecycle) -> Iterator[Event]:
        """A prompt counts when it reaches the model, or when the agent knows it from before."""
        if frame.state in {"started", "completed"} and frame.command_uuid not in self._accepted:
            self._accepted.add(frame.command_uuid)
            yield InputAccepted(frame.command_uuid)

    def _result(self, frame: frames.Result) -> Iterator[Event]:
        for request in list(self.open):
            yield from self._withdrawn(request)
        if (used := self._used(frame)) != Used():
            yield used
        aborted = (frame.terminal_reason or "").startswith("aborted")
        if self._interrupted or aborted:
            yield TurnFinished("interrupted", frame.result or "")
        elif frame.is_error:
            yield TurnFinished("failed", "", error_of(frame, self._error))
        else:
            if not self._accepted:  # one that does not name prompts has them all when a turn ends well
                yield InputAccepted("")
            yield TurnFinished("completed", frame.result or "")
        self._turn = self._interrupted = False
        self._error = None

    def _used(self, frame: frames.Result) -> Used:
        """What this turn cost; the frame's totals are of the whole conversation."""
        total = frame.total_cost_usd
        if frame.since_last is not None:
            models = list(frame.since_last.values())
            cost = round(sum(m.cost for m in models), 10) or None
            parts: list[frames.ModelUsage] | list[frames.Usage] = models
        else:
            parts = [frame.usage]
            cost = round(max(0.0, total - self._cost), 10) or None if total is not None else None
        self._cost = total if total is not None else self._cost
        return Used(
            sum(p.input + p.cache_write for p in parts),
            sum(p.output for p in parts),
            sum(p.cache_read for p in parts),
            cost,
        )


def _flat(content: Any) -> str:
    """Return the text of a tool's result."""
    match content:
        case str():
            return content
        case list():
            return "\n".join(filter(None, map(_flat, content)))
        case {"type": "text", "text": str(text)}:
            return text
        case _:
            return ""
