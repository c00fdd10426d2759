"""A model server on 127.0.0.1 that says what a script tells it and logs what it was asked.

Speaks the part of the Anthropic Messages API that coding agents use. A request that offers no tools is
a side call (a title, a summary): it gets a fixed answer and takes no step.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.model_server import stream
from tests.model_server.script import Drop, Fail, Hang, Say, Script, Step, Text, flatten, say

SIDE_ANSWER = '{"title": "A small task", "isNewTopic": false}'


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    side: bool

    @property
    def text(self) -> str:
        """All text the model would have read: system prompt and messages."""
        messages = self.body.get("messages", [])
        return flatten([self.body.get("system", ""), *messages])

    @property
    def last(self) -> str:
        """The text of the last message."""
        return flatten(self.body["messages"][-1]) if self.body.get("messages") else ""


class ModelServer:
    """Runs in a thread; `scripts` are tried in order, the first whose `match` fits answers."""

    def __init__(self, *scripts: Script, port: int = 0) -> None:
        self.scripts = list(scripts)
        self.asked: list[Asked] = []
        self.released = threading.Event()  # set: everything that hangs goes on to break off
        self._changed = threading.Condition()
        self._http = _Server(("127.0.0.1", port), _Handler)
        self._http.model = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The base for ANTHROPIC_BASE_URL."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def turns(self) -> list[Asked]:
        """Requests of main conversations, in order."""
        return [one for one in self.asked if not one.side]

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering and release what hangs."""
        self.released.set()
        self._http.shutdown()
        self._http.server_close()

    def wait_for(self, turns: int, timeout: float = 20) -> list[Asked]:
        """Wait until so many main requests came."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.turns) >= turns, timeout):
                raise TimeoutError(f"{len(self.turns)} of {turns} requests came")
        return self.turns

    def log(self, asked: Asked) -> None:
        """Remember a request."""
        with self._changed:
            self.asked.append(asked)
            self._changed.notify_all()

    def step(self, asked: Asked) -> Step:
        """Take the step for a request."""
        if asked.side:
            return say(SIDE_ANSWER)
        for script in self.scripts:
            if script.match in asked.text:
                return script.next(asked.text)
        return say("There is no script for this.")


@contextmanager
def serving(*scripts: Script, port: int = 0) -> Iterator[ModelServer]:
    """Run a model server for the length of a block."""
    server = ModelServer(*scripts, port=port)
    server.start()
    try:
        yield server
    finally:
        server.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    model: ModelServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An agent that hangs up is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: Any) -> None:
        """Stay silent: `asked` is the log."""

    def do_HEAD(self) -> None:
        self._answer(200, {})

    def do_GET(self) -> None:
        self._answer(200, {"data": [], "has_more": False})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.loads(raw or b"{}")
        path = self.path.partition("?")[0]
        if path == "/v1/messages/count_tokens":
            self._answer(200, {"input_tokens": max(1, len(raw) // 4)})
        elif path == "/v1/messages":
            asked = Asked(path, dict(self.headers.items()), body, side=not body.get("tools"))
            self.server.model.log(asked)
            self._play(self.server.model.step(asked), body)
        else:
            self._answer(404, stream.error_body(404, f"no such path: {path}"))

    def _play(self, step: Step, body: dict[str, Any]) -> None:
        model = str(body.get("model", "scripted"))
        match step:
            case Fail(status, _, message, retry_after):
                wait = {"retry-after": str(retry_after)} if retry_after is not None else {}
                self._answer(status, stream.error_body(status, message), wait)
            case Hang(text) | Drop(text):
                self._break_off(model, text, hang=isinstance(step, Hang))
            case Say():
                time.sleep(step.delay)
                if body.get("stream"):
                    self._stream(model, step)
                else:
                    self._answer(200, stream.message(model, step))

    def _stream(self, model: str, answer: Say) -> None:
        self._begin()
        self._write(stream.opening(model, answer))
        for index, block in enumerate(answer.blocks):
            for piece in stream.block_events(index, block):
                self._write(piece)
        for piece in stream.closing(answer):
            self._write(piece)
        self._write(b"")

    def _break_off(self, model: str, text: str, *, hang: bool) -> None:
        self._begin()
        self._write(stream.opening(model, say(text)))
        for piece in stream.block_events(0, Text(text), closed=False):
            self._write(piece)
        if hang:
            self.server.model.released.wait()
        self.close_connection = True

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def _write(self, piece: bytes) -> None:
        self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.flush()

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(raw)
