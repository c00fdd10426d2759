"""An agent that does what a file says: any plan, question, garbage or end, in Claude Code's protocol.

`python tests/fakes/agent.py`; AGENT_SCRIPT names a JSON file: a list of turns, each a list of [verb, value].
Everything it hears is written beside the script, one JSON object a line.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from core.demo.wire import Interrupted, Wire

Step = tuple[str, Any]


class Actor:
    """Plays the script."""

    def __init__(self, wire: Wire, script: Path) -> None:
        self.wire = wire
        self.heard = script.with_suffix(".heard")

    def hear(self, **what: Any) -> None:
        with self.heard.open("a", encoding="utf-8") as file:
            file.write(json.dumps(what) + "\n")

    def turn(self, steps: list[Step]) -> None:
        began = time.monotonic()
        end: dict[str, Any] = {"subtype": "success", "is_error": False, "result": ""}
        try:
            for verb, value in steps:
                if verb == "end":
                    end["result"] = value
                elif verb == "fail":
                    end |= {"subtype": "error_during_execution", "is_error": True, **value}
                else:
                    getattr(self, f"do_{verb}")(value)
        except Interrupted:
            end |= {"is_error": True, "terminal_reason": "aborted_tools"}
        self.wire.end(began, **end)

    def do_say(self, text: str) -> None:
        self.wire.say(text)

    def do_plan(self, text: str) -> None:
        """Submit a plan, and again after each Revise."""
        while True:
            call = self.wire.use("ExitPlanMode", {"plan": text})
            answer = self.wire.ask("ExitPlanMode", {"plan": text}, call)
            self.hear(plan=answer)
            self.wire.came_back(call, str(answer.get("message", "")), ok=answer["behavior"] == "allow")
            if answer["behavior"] == "allow":
                return
            if answer.get("interrupt") or "request failed" in str(answer.get("message", "")):
                raise Interrupted

    def do_ask(self, given: dict[str, Any]) -> None:
        self.do_use({"tool": "AskUserQuestion", "input": given})

    def do_use(self, given: dict[str, Any]) -> None:
        call = self.wire.use(given["tool"], given["input"])
        answer = self.wire.ask(given["tool"], given["input"], call)
        self.hear(**{given["tool"]: answer})
        self.wire.came_back(call, "done", ok=answer["behavior"] == "allow")

    def do_write(self, given: list[str]) -> None:
        Path(given[0]).write_text(given[1], "utf-8")

    def do_environment(self, _: object) -> None:
        self.hear(environment=dict(os.environ))

    def do_raw(self, text: str) -> None:
        sys.stdout.buffer.write(text.encode("latin-1"))
        sys.stdout.buffer.flush()

    def do_long(self, size: int) -> None:
        self.do_raw("x" * size + "\n")

    def do_tty(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()

    def do_sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def do_exit(self, code: int) -> None:
        sys.stdout.flush()
        os._exit(code)


def main() -> None:
    """Play one turn for each prompt; the last turn of the script is played again for further ones."""
    if "--version" in sys.argv:
        sys.stdout.write("1.0.0 (scripted)\n")
        return
    script = Path(os.environ["AGENT_SCRIPT"])
    turns = json.loads(script.read_text("utf-8"))
    wire = Wire("scripted", "plan", partial=False, pace=0)
    actor = Actor(wire, script)
    if turns and turns[0] and turns[0][0][0] == "before":
        for verb, value in turns.pop(0)[1:]:
            getattr(actor, f"do_{verb}")(value)
    wire.start()
    number = 0
    while (prompt := wire.next_prompt()) is not None:
        actor.hear(prompt=prompt.text)
        wire.lifecycle(prompt.id, "started")
        wire.begin()
        actor.turn(turns[min(number, len(turns) - 1)])
        wire.lifecycle(prompt.id, "completed")
        number += 1


if __name__ == "__main__":
    main()
