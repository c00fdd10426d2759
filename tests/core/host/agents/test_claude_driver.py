"""The Claude driver without a process: how it starts the CLI, what it writes, what it reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import (
    Event,
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
from core.host.agents.claude import ClaudeDriver
from core.host.agents.claude_tools import detail_of, one_line, title_of
from core.ports import AgentSpec, Driver
from core.states import ErrorKind, PermissionMode

ENVIRON = {
    "HOME": "/home/dev",
    "PATH": "/usr/bin",
    "SHELL": "/bin/bash",
    "ANTHROPIC_API_KEY": "sk-secret",
    "OTHER_KEY": "sk-other",
    "LEADHAND_TELEGRAM_TOKEN": "123:bot-token",
    "AWS_SECRET_ACCESS_KEY": "aws",
    "SSH_AUTH_SOCK": "/run/ssh",
}


def spec(**fields: Any) -> AgentSpec:
    basic: dict[str, Any] = {
        "command": ("claude",),
        "cwd": "/repo",
        "marker": "run-7",
        "mode": PermissionMode.PLAN,
        "agent_session": "sid",
    }
    return AgentSpec(**{**basic, **fields})


def flags(**fields: Any) -> dict[str, str]:
    argv = ClaudeDriver().start(spec(**fields), ENVIRON).argv
    return {flag: argv[at + 1] if at + 1 < len(argv) else "" for at, flag in enumerate(argv)}


def env(**fields: Any) -> dict[str, str]:
    return dict(ClaudeDriver().start(spec(**fields), ENVIRON).env)


def fed(*frames: dict[str, Any] | bytes) -> tuple[ClaudeDriver, list[Event]]:
    """Feed frames to a started driver."""
    driver = ClaudeDriver()
    driver.start(spec(), ENVIRON)
    lines = [f if isinstance(f, bytes) else json.dumps(f).encode() for f in frames]
    return driver, [event for line in lines for event in driver.feed(line)]


def init(**fields: Any) -> dict[str, Any]:
    return {"type": "system", "subtype": "init", "session_id": "sid", "cwd": "/repo", **fields}


def result(**fields: Any) -> dict[str, Any]:
    return {"type": "result", "is_error": False, "terminal_reason": "completed", "result": "Done.", **fields}


def tool_use(name: str, given: dict[str, Any], call: str = "c1", **fields: Any) -> dict[str, Any]:
    block = {"type": "tool_use", "id": call, "name": name, "input": given}
    return {"type": "assistant", "message": {"content": [block]}, **fields}


def tool_result(call: str = "c1", content: Any = "ok", **fields: Any) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": call, "content": content, **fields}
    return {"type": "user", "message": {"content": [block]}}


def asks(tool: str, given: dict[str, Any], request: str = "r1", **fields: Any) -> dict[str, Any]:
    asked = {"subtype": "can_use_tool", "tool_name": tool, "input": given, "tool_use_id": "c1", **fields}
    return {"type": "control_request", "request_id": request, "request": asked}


def written(frames: Any) -> dict[str, Any]:
    """Return the one frame that was encoded, checking that it is one whole line."""
    [raw] = frames
    assert raw.endswith(b"\n")
    assert raw.count(b"\n") == 1
    decoded: dict[str, Any] = json.loads(raw)
    return decoded


def answer_to(frames: Any) -> dict[str, Any]:
    response: dict[str, Any] = written(frames)["response"]["response"]
    return response


# ---- start --------------------------------------------------------------------------------------------


def test_it_is_a_driver() -> None:
    driver: Driver = ClaudeDriver()
    assert driver.name == "claude"


def test_the_command_of_the_configuration_comes_first_and_the_flags_follow() -> None:
    argv = ClaudeDriver().start(spec(command=("nice", "claude")), ENVIRON).argv
    assert argv[:3] == ("nice", "claude", "-p")


@pytest.mark.parametrize(
    ("mode", "approved", "flag"),
    [
        (PermissionMode.PLAN, False, "plan"),
        (PermissionMode.PLAN, True, "acceptEdits"),
        (PermissionMode.DEFAULT, False, "default"),
        (PermissionMode.BYPASS, False, "bypassPermissions"),
        (PermissionMode.BYPASS, True, "bypassPermissions"),
    ],
)
def test_the_mode_is_the_one_of_the_policy(mode: PermissionMode, approved: bool, flag: str) -> None:
    assert flags(mode=mode, approved=approved)["--permission-mode"] == flag


def test_a_conversation_is_begun_with_our_id_and_resumed_by_it() -> None:
    assert flags()["--session-id"] == "sid"
    assert "--resume" not in flags()
    assert flags(resume=True)["--resume"] == "sid"
    assert "--session-id" not in flags(resume=True)


def test_an_untrusted_repository_brings_no_settings_and_no_servers() -> None:
    assert flags()["--setting-sources"] == "user"
    assert "--strict-mcp-config" in flags()
    assert "--setting-sources" not in flags(trusted=True)
    assert "--strict-mcp-config" not in flags(trusted=True)


def test_a_model_is_named_only_when_one_is_set() -> None:
    assert "--model" not in flags()
    assert flags(model="haiku")["--model"] == "haiku"


def test_the_environment_is_an_allow_list() -> None:
    seen = env()
    assert seen["HOME"] == "/home/dev"
    assert seen["LEADHAND_RUN"] == "run-7"
    assert seen["DISABLE_TELEMETRY"] == "1"
    assert not {
        "LEADHAND_TELEGRAM_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "SSH_AUTH_SOCK",
        "ANTHROPIC_API_KEY",
    } & set(seen)


def test_the_bot_token_cannot_be_passed_on_even_by_configuration() -> None:
    seen = env(env={"LEADHAND_TELEGRAM_TOKEN": "123:x", "LEADHAND_DEMO_PACE": "0", "LEADHAND_RUN": "forged"})
    assert "LEADHAND_TELEGRAM_TOKEN" not in seen
    assert seen["LEADHAND_DEMO_PACE"] == "0"
    assert seen["LEADHAND_RUN"] == "run-7"


def test_the_named_key_reaches_the_agent_under_the_name_it_reads() -> None:
    assert env(key_env="ANTHROPIC_API_KEY")["ANTHROPIC_API_KEY"] == "sk-secret"
    assert env(key_env="OTHER_KEY")["ANTHROPIC_API_KEY"] == "sk-other"
    assert "ANTHROPIC_API_KEY" not in env(key_env="NOT_SET")


def test_another_address_of_the_provider_is_passed_on() -> None:
    assert env(base_url="http://127.0.0.1:1")["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:1"
    assert "ANTHROPIC_BASE_URL" not in env()


def test_the_first_frame_opens_the_control_protocol() -> None:
    greeting = ClaudeDriver().start(spec(), ENVIRON).greeting
    assert written(greeting)["request"] == {"subtype": "initialize", "hooks": None}


# ---- what is written ------------------------------------------------------------------------------------


def test_a_prompt_is_one_line_whatever_it_holds() -> None:
    frame = written(ClaudeDriver().prompt("one\ntwo\u2028three \U0001f600", "p1"))
    assert frame["message"]["content"] == "one\ntwo\u2028three \U0001f600"
    assert frame["uuid"] == "p1"


def test_a_command_of_the_cli_is_written_as_a_prompt() -> None:
    assert written(ClaudeDriver().prompt("/clear", "p1"))["message"]["content"] == " /clear"


def test_approving_a_plan_grants_edits_for_this_session_only() -> None:
    driver, _ = fed(init(), asks("ExitPlanMode", {"plan": "# P"}))
    answer = answer_to(driver.plan("r1", "approve", ""))
    assert answer["behavior"] == "allow"
    assert answer["updatedInput"] == {"plan": "# P"}
    assert answer["updatedPermissions"] == [
        {"type": "setMode", "mode": "acceptEdits", "destination": "session"}
    ]


def test_revising_denies_with_the_words_of_the_person() -> None:
    driver, _ = fed(init(), asks("ExitPlanMode", {"plan": "# P"}))
    answer = answer_to(driver.plan("r1", "revise", "shorter"))
    assert answer["behavior"] == "deny"
    assert answer["message"].endswith("\n\nshorter")
    assert "interrupt" not in answer


def test_rejecting_ends_the_turn() -> None:
    driver, _ = fed(init(), asks("ExitPlanMode", {"plan": "# P"}))
    assert answer_to(driver.plan("r1", "reject", ""))["interrupt"] is True


def test_allowing_for_the_session_never_grants_more_than_edits_nor_longer() -> None:
    suggestions = [
        {"type": "addRules", "rules": [], "behavior": "allow", "destination": "localSettings"},
        {"type": "setMode", "mode": "bypassPermissions", "destination": "session"},
        {"type": "setMode", "mode": "acceptEdits", "destination": "userSettings"},
    ]
    driver, _ = fed(init(), asks("Write", {"file_path": "/repo/x"}, permission_suggestions=suggestions))
    granted = answer_to(driver.permission("r1", "session", ""))["updatedPermissions"]
    assert [(g["type"], g["destination"]) for g in granted] == [
        ("addRules", "session"),
        ("setMode", "session"),
    ]
    assert granted[1]["mode"] == "acceptEdits"


def test_answers_go_by_the_text_of_the_question() -> None:
    questions = [
        {"question": "A?", "header": "", "multiSelect": True, "options": [{"label": "x"}, {"label": "y"}]},
        {"question": "B?", "header": "", "multiSelect": False, "options": [{"label": "z"}]},
    ]
    driver, _ = fed(init(), asks("AskUserQuestion", {"questions": questions}))
    answer = answer_to(driver.answer("r1", {"0": ["x", "y"], "1": ["own words"], "9": ["?"]}))
    assert answer["updatedInput"]["answers"] == {"A?": "x, y", "B?": "own words"}
    assert answer["updatedInput"]["questions"] == questions


def test_a_request_nobody_made_or_that_was_taken_back_is_not_answered() -> None:
    driver, _ = fed(init(), asks("Write", {}), {"type": "control_cancel_request", "request_id": "r1"})
    assert driver.plan("nobody", "approve", "") == ()
    assert driver.permission("r1", "allow", "") == ()
    assert driver.permission("r1", "deny", "") == ()
    assert driver.answer("r1", {}) == ()


def test_an_answer_can_be_written_again_after_the_tool_came_back() -> None:
    """A repeated order of the host is not refused: the agent takes the answer once."""
    driver, _ = fed(init(), tool_use("Write", {}), asks("Write", {}), tool_result())
    assert driver.pending() == frozenset()
    assert driver.permission("r1", "allow", "") != ()


def test_an_answered_request_is_no_longer_pending() -> None:
    driver, _ = fed(init(), asks("Bash", {"command": "ls"}))
    assert driver.pending() == {"r1"}
    driver.permission("r1", "allow", "")
    assert driver.pending() == frozenset()


# ---- what is read ---------------------------------------------------------------------------------------


def test_the_conversation_is_named_once_and_every_turn_begins_once() -> None:
    _, events = fed(init(), init(), result(), init(), result())
    assert [type(e) for e in events] == [SessionStarted, TurnStarted, TurnFinished, TurnStarted, TurnFinished]


def test_a_prompt_is_accepted_when_it_starts_or_is_known_from_before() -> None:
    def lifecycle(prompt: str, state: str) -> dict[str, Any]:
        return {"type": "command_lifecycle", "command_uuid": prompt, "state": state}

    states = [("a", "queued"), ("a", "started"), ("a", "completed"), ("b", "completed")]
    _, events = fed(*(lifecycle(*state) for state in states))
    assert events == [InputAccepted("a"), InputAccepted("b")]


def test_an_interrupt_of_ours_wins_over_what_the_agent_calls_the_end() -> None:
    heard = {"type": "control_response", "response": {"subtype": "success", "request_id": "interrupt:i1"}}
    driver, events = fed(init(), heard, result(), init(), result())
    assert written(driver.interrupt("i1"))["request_id"] == "interrupt:i1"
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


# ---- tools ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "call", "title"),
    [
        ("Read", {"file_path": "/repo/src/a.py"}, "src/a.py"),
        ("Write", {"file_path": "/etc/passwd"}, "/etc/passwd"),
        ("Edit", {"file_path": "/repo/../up"}, "/repo/../up"),
        ("Bash", {"command": "\n  pytest -q\nrm x", "description": "Run"}, "pytest -q"),
        ("Grep", {"pattern": "foo", "path": "/repo/src"}, "foo in src"),
        ("WebFetch", {"url": "https://example.org", "prompt": "?"}, "https://example.org"),
        ("mcp__files__list", {}, "files: list"),
        ("Sleep", {}, "Sleep"),
    ],
)
def test_a_tool_call_has_a_title(tool: str, call: dict[str, Any], title: str) -> None:
    assert title_of(tool, call, "/repo") == title


def test_a_title_is_one_short_printable_line() -> None:
    assert one_line("\x1b[31mred\x07\tx\u202e ") == "[31mred x"
    assert one_line("y" * 500) == "y" * 119 + "…"


def test_an_edit_is_shown_as_what_goes_and_what_comes() -> None:
    call = {"file_path": "/repo/a", "old_string": "a\nb", "new_string": "c"}
    assert detail_of("Edit", call) == "- a\n- b\n+ c"


@pytest.mark.parametrize(
    ("tool", "call", "fields", "inside"),
    [
        ("Write", {"file_path": "/repo/a.py"}, {}, True),
        ("Write", {"file_path": "a.py"}, {}, True),
        ("Read", {"file_path": "/repo/sub/../a"}, {}, True),
        ("Write", {"file_path": "/repo/../a.py"}, {}, False),
        ("Write", {"file_path": "/repository/a.py"}, {}, False),
        ("Write", {"file_path": "/repo/.git/config"}, {}, False),
        ("Write", {"file_path": "/repo/.claude/settings.json"}, {}, False),
        ("Write", {"file_path": "/repo/link/x"}, {"decision_reason_type": "safetyCheck"}, False),
        ("Write", {"file_path": "/repo/link/x"}, {"blocked_path": "/tmp/x"}, False),
        ("Bash", {"command": "ls", "path": "/repo/a"}, {}, False),
        ("WebFetch", {"url": "https://example.org"}, {}, False),
        ("Write", {}, {}, False),
    ],
)
def test_only_paths_in_the_worktree_are_inside(
    tool: str, call: dict[str, Any], fields: dict[str, Any], inside: bool
) -> None:
    _, events = fed(init(), asks(tool, call, **fields))
    assert isinstance(events[-1], PermissionRequested)
    assert events[-1].inside is inside


# ---- robustness -------------------------------------------------------------------------------------------

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
