"""The Claude driver without a process: how it starts the CLI and what it writes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.host.agents.claude import ClaudeDriver
from core.ports import Driver
from core.states import PermissionMode
from tests.core.host.agents.claude_made import ENVIRON, asks, fed, init, spec, tool_result, tool_use


def flags(**fields: Any) -> dict[str, str]:
    argv = ClaudeDriver().start(spec(**fields), ENVIRON).argv
    return {flag: argv[at + 1] if at + 1 < len(argv) else "" for at, flag in enumerate(argv)}


def env(**fields: Any) -> dict[str, str]:
    return dict(ClaudeDriver().start(spec(**fields), ENVIRON).env)


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
    assert seen["HOME"] == "/person"
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
