"""A scripted agent that speaks stream-json, and no more of it than a turn needs.

No answer to `initialize`, no life cycle of commands: `system/init` after the first user frame,
`can_use_tool`, `result`. The first word of a prompt names what it does; it ends at the end of its input.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

Json = dict[str, Any]


class Gone(Exception):
    """Nobody talks to us any more."""


class Interrupted(Exception):
    """The turn was interrupted."""


class Agent:
    def __init__(self, argv: list[str]) -> None:
        self.session = next(b for a, b in pairwise(argv) if a in {"--session-id", "--resume"})
        self.mode = argv[argv.index("--permission-mode") + 1]
        self._frames: queue.Queue[Json | None] = queue.Queue()
        self._asked = 0
        self.waiting: list[str] = []
        self._log = os.open(os.environ["OUTSIDE_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.log(start=argv, env=dict(os.environ), cwd=str(Path.cwd()))
        threading.Thread(target=self._read, daemon=True).start()

    def log(self, **what: Any) -> None:
        line = {"pid": os.getpid(), "session": self.session, "at": time.time(), **what}
        os.write(self._log, json.dumps(line).encode() + b"\n")

    def _read(self) -> None:
        for line in sys.stdin:
            self.log(frame=json.loads(line))
            self._frames.put(json.loads(line))
        self._frames.put(None)

    def emit(self, **frame: Any) -> None:
        sys.stdout.write(json.dumps(frame) + "\n")
        sys.stdout.flush()

    def next(self, patience: float | None = None) -> Json | None:
        """The next frame; interrupts and the end of input are raised, prompts are kept."""
        try:
            frame = self._frames.get(timeout=patience)
        except queue.Empty:
            return None
        if frame is None:
            raise Gone
        if frame["type"] == "user":
            self.waiting.append(frame["message"]["content"])
        request = frame.get("request") or {}
        if request.get("subtype") == "interrupt":
            answer = {"subtype": "success", "request_id": frame["request_id"], "response": {}}
            self.emit(type="control_response", response=answer)
            raise Interrupted
        return frame

    def pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.next(left)

    def prompt(self) -> str:
        while not self.waiting:
            self.next()
        return self.waiting.pop(0)

    def ask(self, tool: str, given: Json, **more: Any) -> Json:
        """Ask whether a tool may be used, and wait for the answer."""
        self._asked += 1
        number = f"{os.getpid()}-{self._asked}"
        call = {"type": "tool_use", "id": f"tool-{number}", "name": tool, "input": given}
        self.emit(type="assistant", message={"role": "assistant", "content": [call]})
        request = {
            "subtype": "can_use_tool",
            "tool_name": tool,
            "tool_use_id": f"tool-{number}",
            "input": given,
        }
        self.emit(type="control_request", request_id=number, request={**request, **more})
        while True:
            frame = self.next()
            response = (frame or {}).get("response") or {}
            if response.get("request_id") == number:
                answer: Json = response["response"]
                ok = answer["behavior"] == "allow"
                back = {"type": "tool_result", "tool_use_id": f"tool-{number}", "is_error": not ok}
                back["content"] = "done" if ok else answer.get("message", "")
                self.emit(type="user", message={"role": "user", "content": [back]})
                if answer.get("interrupt"):
                    raise Interrupted
                return answer

    def say(self, text: str) -> None:
        self.emit(
            type="assistant", message={"role": "assistant", "content": [{"type": "text", "text": text}]}
        )

    def turn(self, prompt: str) -> None:
        init = {"session_id": self.session, "model": "outside", "permissionMode": self.mode}
        self.emit(type="system", subtype="init", cwd=str(Path.cwd()), **init)
        try:
            text = ACTS.get(prompt.split(maxsplit=1)[0], heard)(self, prompt)
        except Interrupted:
            end: Json = {
                "subtype": "error_during_execution",
                "is_error": True,
                "terminal_reason": "aborted_tools",
            }
        else:
            end = {"subtype": "success", "is_error": False, "terminal_reason": "completed", "result": text}
        self.emit(type="result", session_id=self.session, usage={}, total_cost_usd=0.01, **end)

    def plan(self, text: str) -> None:
        """Propose until it is approved; each refusal makes another line."""
        while (answer := self.ask("ExitPlanMode", {"plan": text}))["behavior"] != "allow":
            text += f"\n- changed: {answer['message'].splitlines()[-1]}"


def write(name: str, text: str) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


# ---- what it can do: the first word of a prompt ---------------------------------------------------------


def heard(_: Agent, prompt: str) -> str:
    return f"I heard: {prompt}"


def journey(agent: Agent, prompt: str) -> str:
    agent.say("I look around.")
    agent.plan("# Greeting\n\n1. Write greeting.txt\n2. Ask for the words")
    one = {"question": "Which greeting?", "header": "Words", "multiSelect": False}
    one["options"] = [
        {"label": "Hello, world", "description": "plain"},
        {"label": "Ahoy", "description": "at sea"},
    ]
    said = agent.ask("AskUserQuestion", {"questions": [one]})
    word = said["updatedInput"]["answers"]["Which greeting?"]
    agent.ask("Write", {"file_path": str(Path.cwd() / "greeting.txt"), "content": word})
    write("greeting.txt", word + "\n")
    return f"Wrote the greeting {word}."


def edit(agent: Agent, prompt: str) -> str:
    """edit FILE TEXT: no plan, no question."""
    name, text = [*prompt.split(maxsplit=2)[1:], "text"][:2]
    write(name, text + "\n")
    return f"Wrote {name}."


def planned(agent: Agent, prompt: str) -> str:
    agent.plan("Write planned.txt")
    write("planned.txt", "planned\n")
    return "Did as planned."


def longplan(agent: Agent, prompt: str) -> str:
    size = int(prompt.split()[1])
    agent.plan(
        "# Long\n\n" + "\n".join(f"- step {n}: do *something* with `file{n}.py`" for n in range(size // 45))
    )
    return "Did the long plan."


def questions(agent: Agent, prompt: str) -> str:
    """Two questions in one call, the second with several answers."""
    one = {"question": "Which colour?", "header": "Colour", "multiSelect": False}
    one["options"] = [{"label": "Red", "description": "r"}, {"label": "Blue, dark", "description": "b"}]
    two = {"question": "Which parts?", "header": "Parts", "multiSelect": True}
    two["options"] = [{"label": n, "description": ""} for n in ("Code", "Tests", "Docs")]
    said = agent.ask("AskUserQuestion", {"questions": [one, two]})
    return "Answers: " + json.dumps(said["updatedInput"]["answers"], sort_keys=True)


def twice(agent: Agent, prompt: str) -> str:
    """Two questions, one after the other, with the same words."""
    found = []
    for _ in range(2):
        one = {"question": "Again?", "header": "", "multiSelect": False}
        one["options"] = [{"label": "Yes", "description": ""}, {"label": "No", "description": ""}]
        said = agent.ask("AskUserQuestion", {"questions": [one]})
        found.append(said["updatedInput"]["answers"]["Again?"])
    return "Got " + " then ".join(found)


def bash(agent: Agent, prompt: str) -> str:
    rules = {"type": "addRules", "rules": [{"toolName": "Bash", "ruleContent": "rm x"}], "behavior": "allow"}
    given = {"command": "rm -rf build", "description": "clean"}
    said = agent.ask("Bash", given, permission_suggestions=[{**rules, "destination": "localSettings"}])
    return f"Bash: {said['behavior']} {said.get('message', '')} {len(said.get('updatedPermissions', []))}"


def editask(agent: Agent, prompt: str) -> str:
    said = agent.ask("Edit", {"file_path": str(Path.cwd() / "a.txt"), "old_string": "a", "new_string": "b"})
    return f"Edit: {said['behavior']}"


def slow(agent: Agent, prompt: str) -> str:
    """slow SECONDS: work for a while, taking what is said meanwhile."""
    agent.pause(float(prompt.split()[1]))
    extra, agent.waiting = agent.waiting, []
    return f"Slowly done; meanwhile: {extra}"


def crash(agent: Agent, prompt: str) -> str:
    sys.stderr.write("the agent fell over: out of cheese\n")
    sys.stderr.flush()
    os._exit(1)


def login(agent: Agent, prompt: str) -> str:
    words = "Not logged in · Please run /login"
    block = {"role": "assistant", "content": [{"type": "text", "text": words}]}
    agent.emit(type="assistant", message=block, error="authentication_failed")
    agent.emit(
        type="result", subtype="success", is_error=True, terminal_reason="api_error", result=words, usage={}
    )
    agent.prompt()
    raise Gone


ACTS: dict[str, Callable[[Agent, str], str]] = {
    act.__name__: act
    for act in (
        journey, edit, planned, longplan, questions, twice, bash, editask, slow, crash, login,
    )
}  # fmt: skip


def main() -> int:
    if "--version" in sys.argv:
        sys.stdout.write("9.9.9 (Outside)\n")
        return 0
    agent = Agent(sys.argv[1:])
    try:
        while True:
            agent.turn(agent.prompt())
    except Gone:
        agent.log(end="eof")
        return 0


if __name__ == "__main__":
    sys.exit(main())
