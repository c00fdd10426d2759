"""The demo agent's side of the stream-json control protocol: one JSON object a line.

A thread reads what Leadhand says and answers control requests at once; everything that waits, waits on
one condition, so an interrupt or the end of the input is noticed everywhere.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

Json = dict[str, Any]
MODEL = "leadhand-demo"
VERSION = "1.0.0"
PIECE = 40  # characters of text in one delta
MODES = ("acceptEdits", "bypassPermissions", "default", "plan")


class Interrupted(Exception):
    """The turn is to end now."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a person wrote."""

    id: str
    text: str


class Wire:
    """Frames in and out."""

    def __init__(self, session: str, mode: str, *, partial: bool, pace: float) -> None:
        self.session = session
        self.mode = mode
        self.written = self.read = 0  # characters, the demo's measure of tokens
        self._partial = partial
        self._pace = pace
        self._prompts: deque[Prompt] = deque()
        self._known: set[str] = set()
        self._answers: dict[str, Json] = {}
        self._interrupt = self._ended = False
        self._news = threading.Condition()
        self._out = threading.Lock()

    def start(self) -> None:
        """Begin to read."""
        threading.Thread(target=self._listen, daemon=True).start()

    # ---- what Leadhand says ---------------------------------------------------------------------------

    def _listen(self) -> None:
        for line in sys.stdin.buffer:
            try:
                self._hear(json.loads(line))
            except (ValueError, KeyError, TypeError):
                sys.stderr.write(f"Error parsing streaming input line: {line[:200]!r}\n")
                sys.stderr.flush()
                os._exit(1)
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _hear(self, frame: Json) -> None:
        match frame["type"]:
            case "user":
                self._prompt(frame)
            case "control_request":
                self._control(frame["request_id"], frame["request"])
            case "control_response":
                with self._news:
                    self._answers[frame["response"]["request_id"]] = frame["response"]["response"]
                    self._news.notify_all()
            case _:
                pass

    def _prompt(self, frame: Json) -> None:
        content = frame["message"]["content"]
        text = content if isinstance(content, str) else "\n".join(b.get("text", "") for b in content)
        prompt = Prompt(str(frame.get("uuid") or uuid4()), text)
        if prompt.id in self._known:
            return
        self._known.add(prompt.id)
        self.lifecycle(prompt.id, "queued")
        with self._news:
            self._prompts.append(prompt)
            self._news.notify_all()

    def _control(self, request: str, asked: Json) -> None:
        match asked["subtype"]:
            case "initialize":
                self._respond(request, {"commands": [], "models": [], "pid": os.getpid()})
            case "interrupt":
                with self._news:
                    self._interrupt = True
                    waiting = [prompt.id for prompt in self._prompts]
                    self._news.notify_all()
                self._respond(request, {"still_queued": waiting})
            case "set_permission_mode" if asked.get("mode") in MODES:
                self._respond(request, {"mode": asked["mode"]})
                self.switch(asked["mode"])
            case other:
                error = {"subtype": "error", "request_id": request, "error": f"unsupported: {other}"}
                self.out(type="control_response", response=error)

    def _respond(self, request: str, response: Json) -> None:
        answer = {"subtype": "success", "request_id": request, "response": response}
        self.out(type="control_response", response=answer)

    # ---- waiting ------------------------------------------------------------------------------------

    def next_prompt(self) -> Prompt | None:
        """Wait for the next prompt; None at the end of the input."""
        with self._news:
            self._news.wait_for(lambda: self._prompts or self._ended)
            self._interrupt = False  # one that came while nothing ran
            return self._prompts.popleft() if self._prompts else None

    def steering(self) -> list[Prompt]:
        """Take what was written while the turn runs."""
        with self._news:
            taken = list(self._prompts)
            self._prompts.clear()
        return taken

    def pause(self, seconds: float) -> None:
        """Take as long as somebody who thinks would. Raises `Interrupted`."""
        with self._news:
            self._news.wait_for(lambda: self._interrupt, seconds * self._pace)
            self._check()

    def stop(self) -> None:
        """Interrupt the running turn, as a signal does."""
        self._interrupt = True  # no lock: this runs inside a signal handler

    def _check(self) -> None:
        if self._interrupt:
            self._interrupt = False
            raise Interrupted

    def ask(self, tool: str, given: Json, call: str, suggestions: list[Json] | None = None) -> Json:
        """Ask before a tool is used and wait for the answer. Raises `Interrupted`."""
        request = str(uuid4())
        asked = {"subtype": "can_use_tool", "tool_name": tool, "input": given, "tool_use_id": call}
        extra = {"permission_suggestions": suggestions} if suggestions else {}
        self.out(type="control_request", request_id=request, request={**asked, **extra})
        with self._news:
            while not (request in self._answers or self._interrupt or self._ended):
                self._news.wait(0.5)  # a signal handler cannot notify
            answer = self._answers.pop(request, None)
            if answer is None and self._interrupt:
                self.out(type="control_cancel_request", request_id=request)
                self._check()
        closed = {"behavior": "deny", "message": "Tool permission request failed: the input was closed"}
        return answer or closed

    # ---- what the agent says ----------------------------------------------------------------------------

    def out(self, **frame: Any) -> None:
        """Write one frame."""
        with self._out:
            sys.stdout.write(json.dumps(frame) + "\n")
            sys.stdout.flush()

    def event(self, **frame: Any) -> None:
        """Write one frame that belongs to the conversation."""
        self.out(**frame, session_id=self.session, uuid=str(uuid4()))

    def lifecycle(self, prompt: str, state: str) -> None:
        """Tell what became of a prompt."""
        self.event(type="command_lifecycle", command_uuid=prompt, state=state)

    def begin(self) -> None:
        """Open a turn."""
        init = {"cwd": str(os.getcwd()), "model": MODEL, "permissionMode": self.mode}  # noqa: PTH109 - as text
        self.event(type="system", subtype="init", **init, tools=[], claude_code_version=VERSION)

    def switch(self, mode: str) -> None:
        """Change the permission mode."""
        self.mode = mode
        self.event(type="system", subtype="status", status=None, permissionMode=mode)

    def say(self, text: str) -> None:
        """Write a text, piece by piece where partial messages are wanted."""
        if self._partial:
            for at in range(0, len(text), PIECE):
                delta = {"type": "text_delta", "text": text[at : at + PIECE]}
                stream = {"type": "content_block_delta", "index": 0, "delta": delta}
                self.event(type="stream_event", event=stream, parent_tool_use_id=None)
                self.pause(0.03)
        self._message({"type": "text", "text": text})
        self.written += len(text)

    def use(self, tool: str, given: Json) -> str:
        """Announce a tool call and return its id."""
        call = f"toolu_{uuid4().hex[:20]}"
        self._message({"type": "tool_use", "id": call, "name": tool, "input": given})
        self.written += len(json.dumps(given))
        return call

    def came_back(self, call: str, text: str, *, ok: bool = True) -> None:
        """Tell what a tool call gave."""
        block = {"type": "tool_result", "tool_use_id": call, "content": text, "is_error": not ok}
        self.event(type="user", message={"role": "user", "content": [block]}, parent_tool_use_id=None)
        self.read += len(text)

    def _message(self, block: Json) -> None:
        message = {"id": f"msg_{uuid4().hex[:20]}", "role": "assistant", "model": MODEL, "content": [block]}
        self.event(type="assistant", message=message, parent_tool_use_id=None)

    def end(self, started: float, **fields: Any) -> None:
        """Close a turn."""
        usage = {"input_tokens": self.read // 4, "output_tokens": self.written // 4}
        self.written = self.read = 0
        took = int((time.monotonic() - started) * 1000)
        self.event(type="result", duration_ms=took, usage=usage, total_cost_usd=0, **fields)
