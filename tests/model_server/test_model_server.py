"""The scripted model server: what a client sees on the wire."""

from __future__ import annotations

import http.client
import json
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.model_server.script import Drop, Fail, Hang, Script, Thinking, Use, load, say
from tests.model_server.server import ModelServer, serving

TOOLS = [{"name": "Write"}]


def ask(server: ModelServer, text: str, *, tools: bool = True, streamed: bool = True) -> tuple[int, str]:
    """Send one request and read the whole answer."""
    body: dict[str, Any] = {"model": "m", "stream": streamed, "messages": [{"role": "user", "content": text}]}
    if tools:
        body["tools"] = TOOLS
    where = urlsplit(server.url)
    link = http.client.HTTPConnection(where.hostname or "", where.port, timeout=5)
    try:
        link.request("POST", "/v1/messages?beta=true", json.dumps(body))
        answer = link.getresponse()
        return answer.status, answer.read().decode()
    finally:
        link.close()


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


def test_an_answer_streams_text_and_a_tool_call_whose_input_parses() -> None:
    given = {"file_path": "/w/x.py", "content": "é" * 40}
    with serving(Script(say(Thinking("hm"), "Hello there", Use("Write", given)))) as server:
        status, raw = ask(server, "go")
    seen = events(raw)
    pieces = [e["delta"].get("partial_json", "") for e in seen if e["type"] == "content_block_delta"]
    assert status == 200
    assert json.loads("".join(pieces)) == given
    assert "".join(e["delta"].get("text", "") for e in seen if "delta" in e) == "Hello there"
    assert [e["type"] for e in seen][-2:] == ["message_delta", "message_stop"]
    assert seen[-2]["delta"]["stop_reason"] == "tool_use"


def test_a_side_call_gets_a_title_and_takes_no_step() -> None:
    with serving(Script(say("first"))) as server:
        _, title = ask(server, "name this", tools=False)
        _, answer = ask(server, "go")
        assert [one.side for one in server.asked] == [True, False]
    assert "title" in title
    assert "first" in answer


def test_a_request_that_does_not_stream_gets_one_body() -> None:
    with serving(Script(say("whole"))) as server:
        _, raw = ask(server, "go", streamed=False)
    assert json.loads(raw)["content"] == [{"type": "text", "text": "whole"}]


def test_an_error_comes_n_times_and_then_the_script_goes_on() -> None:
    with serving(Script(Fail(429, times=2, message="slow down"), say("ok"))) as server:
        answers = [ask(server, "go") for _ in range(3)]
    assert [status for status, _ in answers] == [429, 429, 200]
    assert json.loads(answers[0][1])["error"] == {"type": "rate_limit_error", "message": "slow down"}


def test_a_value_is_taken_from_a_request_and_put_into_a_tool_call() -> None:
    step = say(Use("Write", {"file_path": "{plan_file}"}))
    with serving(Script(step)) as server:
        _, raw = ask(server, "Write the plan to /person/.c/plans/brave-hat.md, then stop")
    pieces = [e["delta"]["partial_json"] for e in events(raw) if e["type"] == "content_block_delta"]
    assert json.loads("".join(pieces)) == {"file_path": "/person/.c/plans/brave-hat.md"}


def test_a_dropped_answer_breaks_off() -> None:
    with serving(Script(Drop("half"))) as server, pytest.raises(http.client.IncompleteRead) as broken:
        ask(server, "go")
    assert b"half" in broken.value.partial


def test_a_hanging_answer_waits_until_it_is_released() -> None:
    with serving(Script(Hang("half"))) as server:
        done = threading.Event()

        def client() -> None:
            with pytest.raises(http.client.IncompleteRead):
                ask(server, "go")
            done.set()

        threading.Thread(target=client, daemon=True).start()
        server.wait_for(1)
        assert not done.wait(0.2)
        server.released.set()
        assert done.wait(5)


def test_scripts_are_chosen_by_what_the_conversation_says() -> None:
    with serving(Script(say("red"), match="TASK-A"), Script(say("blue"))) as server:
        assert "blue" in ask(server, "other")[1]
        assert "red" in ask(server, "do TASK-A")[1]
        assert "no script" not in ask(server, "other")[1]
        assert server.scripts[1].overrun == 1


def test_a_script_is_read_from_json() -> None:
    [script] = load('[{"match": "x", "steps": [{"say": ["a", {"tool": "T"}]}, {"fail": 529, "times": 3}]}]')
    assert script.steps == [say("a", Use("T")), Fail(529, 3)]
    with pytest.raises(ValueError, match="no such step"):
        load('[{"steps": [{"sing": 1}]}]')
