"""What the Claude driver reads: frames in, events out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import (
    InputAccepted,
    Message,
    MessageDelta,
    NoticeGiven,
    PermissionRequested,
    PlanRequested,
    RequestResolved,
    SessionStarted,
    Todo,
    ToolFinished,
    ToolStarted,
    TurnFinished,
    TurnStarted,
    Used,
)
from core.states import ErrorKind
from tests.core.host.agents.claude_made import asks, fed, init, result, tool_result, tool_use


def test_the_conversation_is_named_once_and_every_turn_begins_once() -> None:
    _, events = fed(init(), init(), result(), init(), result())
    named = [type(e) for e in events if not isinstance(e, InputAccepted)]
    assert named == [SessionStarted, TurnStarted, TurnFinished, TurnStarted, TurnFinished]


def test_an_agent_that_names_no_prompts_has_them_all_when_a_turn_ends_well() -> None:
    _, events = fed(init(), result())
    *_, accepted, end = events
    assert isinstance(end, TurnFinished)
    assert (accepted, end.outcome, len(events)) == (InputAccepted(""), "completed", 4)
    started = {"type": "command_lifecycle", "command_uuid": "a", "state": "started"}
    _, named = fed(started, init(), result())
    assert InputAccepted("") not in named


def test_a_prompt_is_accepted_when_it_starts_or_is_known_from_before() -> None:
    def lifecycle(prompt: str, state: str) -> dict[str, Any]:
        return {"type": "command_lifecycle", "command_uuid": prompt, "state": state}

    states = [("a", "queued"), ("a", "started"), ("a", "completed"), ("b", "completed")]
    _, events = fed(*(lifecycle(*state) for state in states))
    assert events == [InputAccepted("a"), InputAccepted("b")]


def test_an_interrupt_of_ours_wins_over_what_the_agent_calls_the_end() -> None:
    heard = {"type": "control_response", "response": {"subtype": "success", "request_id": "interrupt:i1"}}
    driver, events = fed(init(), heard, result(), init(), result())
    assert b'"interrupt:i1"' in driver.interrupt("i1")[0]
    assert [e.outcome for e in events if isinstance(e, TurnFinished)] == ["interrupted", "completed"]


def test_an_interrupt_while_nothing_runs_spoils_no_turn() -> None:
    heard = {"type": "control_response", "response": {"subtype": "success", "request_id": "interrupt:i1"}}
    _, events = fed(heard, init(), result())
    assert [e.outcome for e in events if isinstance(e, TurnFinished)] == ["completed"]


def test_an_error_that_calls_itself_a_success_is_an_error() -> None:
    bad = result(subtype="success", is_error=True, terminal_reason="api_error", api_error_status=429)
    _, events = fed(init(), bad)
    [end] = [e for e in events if isinstance(e, TurnFinished)]
    assert end.outcome == "failed"
    assert end.error is not None
    assert (end.error.kind, end.error.retryable) == (ErrorKind.RATE_LIMIT, True)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"api_error_status": 401}, ErrorKind.AUTH),
        ({"api_error_status": 403}, ErrorKind.AUTH),
        ({"api_error_status": 500}, ErrorKind.SERVER),
        ({"api_error_status": 418}, ErrorKind.BAD_REQUEST),
        ({"terminal_reason": "prompt_too_long", "api_error_status": 400}, ErrorKind.CONTEXT_OVERFLOW),
        ({"result": "You've hit your weekly limit", "api_error_status": 429}, ErrorKind.USAGE_LIMIT),
        ({"result": "API Error: Connection refused (ECONNREFUSED)"}, ErrorKind.NETWORK),
        ({"result": None, "errors": ["No conversation found with session ID: x"]}, ErrorKind.BAD_REQUEST),
        ({"result": None}, ErrorKind.UNKNOWN),
    ],
)
def test_each_failure_has_a_kind(fields: dict[str, Any], kind: ErrorKind) -> None:
    _, events = fed(init(), result(**{"is_error": True, "terminal_reason": "api_error", **fields}))
    [end] = [e for e in events if isinstance(e, TurnFinished)]
    assert end.error is not None
    assert end.error.kind is kind
    assert end.error.message


def test_an_error_the_agent_puts_into_a_message_is_told_once() -> None:
    made_up = {
        "type": "assistant",
        "error": "billing_error",
        "is_api_error_message": True,
        "message": {"content": [{"type": "text", "text": "Pay first"}]},
    }
    _, events = fed(init(), made_up, result(is_error=True, terminal_reason="api_error", result="Pay first"))
    assert [e for e in events if isinstance(e, Message)] == []
    [end] = [e for e in events if isinstance(e, TurnFinished)]
    assert end.error is not None
    assert (end.error.kind, end.error.message) == (ErrorKind.USAGE_LIMIT, "Pay first")


def test_what_is_used_is_a_difference() -> None:
    usage = {"input_tokens": 12, "output_tokens": 5, "cache_read_input_tokens": 3}
    _, events = fed(
        init(), result(usage=usage, total_cost_usd=0.5), init(), result(usage=usage, total_cost_usd=0.75)
    )
    assert [e for e in events if isinstance(e, Used)] == [Used(12, 5, 3, 0.5), Used(12, 5, 3, 0.25)]


def test_what_the_agent_itself_calls_a_difference_is_used_as_it_is() -> None:
    model = {"inputTokens": 7, "outputTokens": 2, "costUSD": 0.125}
    _, events = fed(init(), result(total_cost_usd=9, model_usage_since_last_result={"a": model, "b": model}))
    assert [e for e in events if isinstance(e, Used)] == [Used(14, 4, 0, 0.25)]


def test_a_turn_that_ends_closes_what_was_still_asked() -> None:
    driver, events = fed(init(), asks("Write", {}), result())
    assert [e for e in events if isinstance(e, RequestResolved)] == [RequestResolved("r1", "agent")]
    assert driver.pending() == frozenset()


def test_a_request_denied_because_the_input_was_closed_is_told() -> None:
    _, events = fed(
        init(),
        asks("Write", {}),
        tool_result(content="Tool permission request failed: AbortError", is_error=True),
    )
    assert RequestResolved("r1", "agent") in events


def test_the_last_words_are_the_plan_when_there_is_no_plan_file() -> None:
    words = {"type": "assistant", "message": {"content": [{"type": "text", "text": "1. do it"}]}}
    _, events = fed(init(), words, asks("ExitPlanMode", {}))
    assert events[-1] == PlanRequested("r1", "1. do it", "", editable=True)


def test_questions_that_cannot_be_read_become_a_permission() -> None:
    _, events = fed(init(), asks("AskUserQuestion", {"questions": "?"}))
    assert isinstance(events[-1], PermissionRequested)


def test_a_request_of_another_kind_is_told_not_swallowed() -> None:
    other = {"type": "control_request", "request_id": "r9", "request": {"subtype": "elicitation"}}
    driver, events = fed(other)
    assert isinstance(events[0], NoticeGiven)
    assert driver.unknown == {"control_request/elicitation": 1}


def test_a_sub_agent_shows_its_tools_but_does_not_speak() -> None:
    words = {
        "type": "assistant",
        "parent_tool_use_id": "c0",
        "message": {"content": [{"type": "text", "text": "psst"}]},
    }
    delta = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "psst"}}
    _, events = fed(
        init(),
        words,
        {"type": "stream_event", "parent_tool_use_id": "c0", "event": delta},
        tool_use("Read", {"file_path": "/repo/a"}, parent_tool_use_id="c0"),
    )
    assert events[2:] == [ToolStarted("c1", "Read", "read", "a")]


def test_plans_and_questions_are_not_shown_as_tools() -> None:
    _, events = fed(init(), tool_use("ExitPlanMode", {"plan": "p"}), tool_result())
    assert not [e for e in events if isinstance(e, ToolStarted | ToolFinished)]


def test_text_and_thoughts_come_in_pieces_and_whole() -> None:
    def delta(kind: str, **fields: str) -> dict[str, Any]:
        piece = {"type": "content_block_delta", "delta": {"type": kind, **fields}}
        return {"type": "stream_event", "event": piece}

    whole = {"type": "assistant", "message": {"content": [{"type": "thinking", "thinking": "hm"}]}}
    _, events = fed(delta("text_delta", text="a"), delta("thinking_delta", thinking="b"), whole)
    assert events == [MessageDelta("a"), MessageDelta("b", thinking=True), Message("hm", thinking=True)]


def test_the_output_of_a_tool_is_cut() -> None:
    _, events = fed(init(), tool_use("Bash", {"command": "x"}), tool_result(content="y" * 100_000))
    assert isinstance(events[-1], ToolFinished)
    assert len(events[-1].output) == 4000


def test_the_list_of_steps_is_followed_at_once_or_step_by_step() -> None:
    todos = [{"content": "A", "status": "pending"}]
    _, events = fed(init(), tool_use("TodoWrite", {"todos": todos}))
    assert events[-1] == Todo((("A", "pending"),))
    _, events = fed(
        init(),
        tool_use("TaskCreate", {"subject": "A"}, "c1"),
        tool_result("c1"),
        tool_use("TaskCreate", {"subject": "B"}, "c2"),
        tool_result("c2"),
        tool_use("TaskUpdate", {"taskId": "1", "status": "deleted"}, "c3"),
        tool_result("c3"),
    )
    assert events[-1] == Todo((("B", "pending"),))


WORD = st.sampled_from(["", "text", "type", "id", "plan", "\u2028", "../x", "tool_use"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORD, inner, max_size=3),
    max_leaves=8,
)
TYPES = ["system", "assistant", "user", "control_request", "control_response", "result", "stream_event", "x"]


@given(st.binary(max_size=200))
def test_no_bytes_can_make_it_raise(line: bytes) -> None:
    fed(line)


@given(
    st.fixed_dictionaries(
        {"type": st.sampled_from(TYPES)},
        optional={
            "subtype": st.sampled_from(["init", "status", "api_retry"]) | JSON,
            "message": JSON | st.fixed_dictionaries({"content": st.lists(JSON, max_size=3)}),
            "request_id": JSON,
            "request": JSON | st.fixed_dictionaries({"subtype": st.just("can_use_tool"), "tool_name": JSON}),
            "is_error": JSON,
            "usage": JSON,
            "event": JSON,
        },
    )
)
def test_no_frame_can_make_it_raise(frame: dict[str, Any]) -> None:
    fed(init(), frame, result())


def test_a_line_that_nests_too_deep_is_counted_not_followed() -> None:
    driver, events = fed(b"[" * 100_000)
    assert events == []
    assert driver.unknown == {"text": 1}
