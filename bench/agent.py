"""A scripted agent that speaks the Claude driver's protocol and stamps CLOCK_MONOTONIC: when it begins, and
before each request. Standard library only, to be run with `python -I -S`: a small, even start-up."""

import time

STARTED = time.monotonic()  # the first act: what is imported below would be measured too

import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

Frame = dict[str, object]
QUIET_S = 5.0  # before each request: a chat is idle when it may take a burst of calls again
BURST = 25
MARK = "mark-"
STAMPS = "LEADHAND_BENCH_STAMPS"  # names the file the stamps go to
COMMAND = (sys.executable, "-I", "-S", os.path.realpath(__file__))


def stamp(mark: str, at: float) -> None:
    """Append a line to the file the bench reads; one write, so that lines of several agents do not mix."""
    with open(os.environ[STAMPS], "ab", buffering=0) as file:  # noqa: PTH123 - no imports
        file.write(json.dumps([mark, at]).encode() + b"\n")


def out(**frame: object) -> None:
    """Write one frame."""
    sys.stdout.write(json.dumps(frame) + "\n")
    sys.stdout.flush()


def event(**frame: object) -> None:
    """Write one frame that belongs to the conversation."""
    out(**frame, session_id="bench", uuid=f"00000000-0000-4000-8000-{time.monotonic_ns():012x}"[:36])


def say(block: Frame) -> None:
    """Write a message of the model."""
    event(type="assistant", message={"role": "assistant", "content": [block]}, parent_tool_use_id=None)


def tool(name: str, given: Frame, call: str) -> None:
    """Announce a tool call."""
    say({"type": "tool_use", "id": call, "name": name, "input": given})


REQUESTS: dict[str, tuple[str, Frame]] = {
    "question": (
        "AskUserQuestion",
        {
            "questions": [
                {
                    "question": "Go on? MARK",
                    "header": "Go",
                    "multiSelect": False,
                    "options": [
                        {"label": "Forward", "description": ""},
                        {"label": "Halt", "description": ""},
                    ],
                }
            ]
        },
    ),
    "permission": ("Bash", {"command": "echo MARK", "description": "Say it"}),
    "plan": ("ExitPlanMode", {"plan": "# Plan MARK\n\n1. Look\n2. Change\n", "planFilePath": "plan.md"}),
}


def ask(kind: str, mark: str) -> None:
    """Make a request and wait for its answer."""
    time.sleep(QUIET_S)
    if kind == "burst":
        for number in range(BURST):
            tool("Read", {"file_path": f"{mark}-{number}"}, f"{mark}-{number}")
            time.sleep(0.01)
    name, template = REQUESTS["question" if kind == "burst" else kind]
    given = json.loads(json.dumps(template).replace("MARK", mark))
    tool(name, given, mark)
    request = {"subtype": "can_use_tool", "tool_name": name, "input": given, "tool_use_id": mark}
    stamp(mark, time.monotonic())
    out(type="control_request", request_id=mark, request=request)
    for line in sys.stdin:
        frame = json.loads(line)
        if frame["type"] == "control_response" and frame["response"]["request_id"] == mark:
            break


def turn(prompt: str, text: str) -> None:
    """Act on a prompt: `… ask <kind>,<kind>…` makes one request after the other, anything else ends."""
    mode = sys.argv[sys.argv.index("--permission-mode") + 1] if "--permission-mode" in sys.argv else "default"
    for state in ("queued", "started"):
        event(type="command_lifecycle", command_uuid=prompt, state=state)
    init = {"cwd": os.getcwd(), "model": "bench", "permissionMode": mode, "tools": []}  # noqa: PTH109
    event(type="system", subtype="init", **init, claude_code_version="1.0.0")
    if "ask " in text:
        for number, kind in enumerate(text.partition("ask ")[2].split(",")):
            ask(kind.strip(), f"{MARK}{number:03}")
    say({"type": "text", "text": "Done."})
    ended = {"subtype": "success", "is_error": False, "terminal_reason": "completed", "result": "Done."}
    event(
        type="result", duration_ms=1, usage={"input_tokens": 1, "output_tokens": 1}, total_cost_usd=0, **ended
    )
    event(type="command_lifecycle", command_uuid=prompt, state="completed")


def main() -> None:
    """Serve until the input ends."""
    if "--version" in sys.argv:
        sys.stdout.write("1.0.0 (bench)\n")
        return
    stamp(os.path.realpath("."), STARTED)
    for line in sys.stdin:
        frame = json.loads(line)
        if frame["type"] == "control_request":
            answer = {"subtype": "success", "request_id": frame["request_id"], "response": {}}
            out(type="control_response", response=answer)
        elif frame["type"] == "user":
            turn(str(frame.get("uuid", "")), str(frame["message"]["content"]))


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:  # nobody reads any more
        os._exit(0)
