"""The demo agent: a program that speaks Claude Code's protocol and works in the demo repository.

`python -P -m core.demo.agent` with the flags of the Claude driver. No model, no network, no key.
`LEADHAND_DEMO_PACE` scales its pauses; 0 means none.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

from core.demo.memory import Memory, memory_file, recall
from core.demo.play import Play
from core.demo.wire import VERSION, Interrupted, Prompt, Wire


def main(argv: Sequence[str] | None = None) -> int:
    """Run until the input ends; return the exit code."""
    given = _arguments(argv)
    if given.version:
        sys.stdout.write(f"{VERSION} (Leadhand demo agent)\n")
        return 0
    session = given.resume or given.session_id
    wire = Wire(session, given.permission_mode, partial=given.include_partial_messages, pace=_pace())
    memory = recall(session)
    if given.resume and memory is None:
        error = f"No conversation found with session ID: {session}"
        wire.end(time.monotonic(), subtype="error_during_execution", is_error=True, errors=[error])
        return _fail(error)
    if memory is not None and not given.resume:
        return _fail(f"Error: Session ID {session} is already in use.")
    signal.signal(signal.SIGTERM, lambda *_: os._exit(128 + signal.SIGTERM))
    signal.signal(signal.SIGINT, lambda *_: wire.stop())
    wire.start()
    return _serve(wire, memory or Memory(memory_file(session), session))


def _serve(wire: Wire, memory: Memory) -> int:
    """Take prompts one after the other."""
    play, code = Play(wire, memory), 0
    while (prompt := wire.next_prompt()) is not None:
        if prompt.id in memory.finished:  # repeated after a resume
            wire.lifecycle(prompt.id, "completed")
        else:
            code = _turn(wire, memory, play, prompt)
    return code


def _turn(wire: Wire, memory: Memory, play: Play, prompt: Prompt) -> int:
    """Play one turn from its first frame to its result."""
    started = time.monotonic()
    wire.lifecycle(prompt.id, "started")
    wire.begin()
    state, end = "completed", _ended(is_error=False, reason="completed")
    try:
        final = play.turn(prompt.text)
        wire.say(final)
        end["result"] = final
    except Interrupted:
        state, end = "cancelled", _ended(is_error=True, reason="aborted_tools")
    except OSError as error:
        state, end = "cancelled", _ended(is_error=True, reason="tool_error")
        end["result"] = f"{type(error).__name__}: {error}"
    memory.finished.append(prompt.id)
    memory.save()
    wire.end(started, **end)
    wire.lifecycle(prompt.id, state)
    return int(end["is_error"])


def _ended(*, is_error: bool, reason: str) -> dict[str, Any]:
    subtype = "error_during_execution" if is_error else "success"
    return {"subtype": subtype, "is_error": is_error, "terminal_reason": reason}


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the flags that matter here; the others of the real CLI are accepted and ignored."""
    parser = argparse.ArgumentParser(prog="leadhand-demo-agent")
    parser.add_argument("--version", action="store_true")
    parser.add_argument("--session-id", default="demo")
    parser.add_argument("--resume", default=None)
    parser.add_argument("--permission-mode", default="default")
    parser.add_argument("--include-partial-messages", action="store_true")
    return parser.parse_known_args(argv)[0]


def _pace() -> float:
    try:
        return max(0.0, float(os.environ.get("LEADHAND_DEMO_PACE", "1")))
    except ValueError:
        return 1.0


def _fail(message: str) -> int:
    sys.stderr.write(message + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
