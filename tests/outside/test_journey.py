"""The journey and what its messages look like, seen by a Bot API server that is not ours."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.outside.api import Answer, Json
from tests.outside.rig import Outside, Person

pytestmark = pytest.mark.slow
Make = Callable[..., Outside]


def test_a_task_goes_from_a_message_to_a_merged_branch(outside: Make) -> None:
    shared = outside().run()
    api = shared.api
    api.say("/new shop greet: journey write a greeting")
    plan = api.card("📋 [greet] Plan v1", "Write greeting.txt", button="Approve")
    assert plan.text.startswith("📋 [greet] Plan v1")
    assert plan.labels == ["Approve", "Revise", "Reject"]
    assert "parse_mode" not in plan.params
    api.press(plan, "Revise")
    api.wait(lambda: not plan.rows, "the end of the old buttons")
    api.say("Please be polite")
    second = api.card("📋 [greet] Plan v2", "changed: Please be polite", button="Approve")
    api.press(second, "Approve")
    api.card("👍 [greet]")
    question = api.card("❓ [greet]", "Which greeting?", button="Hello, world")
    assert question.labels == ["Hello, world", "Ahoy"]
    api.press(question, "Hello, world")
    done = api.card("✅ [greet]", "Wrote the greeting Hello, world.")
    assert done.text.startswith("✅ [greet] Completed")
    branch = api.card("🔀 [greet]", button="Merge")
    assert branch.text.startswith("🔀 [greet]")
    assert [x for x in branch.labels if x != "Open PR"] == ["Merge", "Later", "Discard"]
    api.press(branch, "Merge")
    merged = api.card("✅ [greet] Merged")
    assert merged.text.startswith("✅ [greet] Merged")
    assert shared.git("show", "main:greeting.txt") == "Hello, world"
    assert (shared.repository() / "greeting.txt").read_text() == "Hello, world\n"
    answers = shared.answers()
    assert answers[0]["behavior"] == "deny"
    assert "Please be polite" in answers[0]["message"]
    assert answers[1]["behavior"] == "allow"
    assert answers[2]["updatedInput"]["answers"] == {"Which greeting?": "Hello, world"}
    assert len(api.all("✅ [greet] Completed")) == 1
    assert len(api.all("👍 [greet]")) == 1
    assert not api.all("❓ [greet] Permission")


def test_exactly_one_line_says_that_it_is_ready(outside_one: Outside) -> None:
    assert len([line for line in outside_one.stdout if line.startswith("leadhand ready")]) == 1


def test_a_plain_message_with_one_project_starts_a_session(outside_one: Outside) -> None:
    somebody = Person(outside_one)
    somebody.say("edit plain.txt Some words here")
    card = somebody.card("[edit-plain-txt-some] Started")
    somebody.card("✅ [edit-plain-txt-some] Completed", "Wrote plain.txt.")
    somebody.say("edit plain2.txt Some", reply_to=card)  # a reply continues it
    somebody.card("✅ [edit-plain-txt-some] Completed", "Wrote plain2.txt.")


def test_commands_without_a_name_find_what_waits(outside_one: Outside) -> None:
    one = Person(outside_one)
    one.new("bare", "journey bare")
    one.plan("bare")
    one.say("/revise")
    one.card("What should change?")
    one.say("Shorter")
    one.card("📋 [bare] Plan v2", "changed: Shorter", button="Approve")
    one.say("/approve")
    one.card("❓ [bare]", button="Ahoy")
    one.say("/answer Something of my own")
    one.card("✅ [bare] Completed", "Something of my own")
    one.card("🔀 [bare]", button="Merge")
    one.say("/merge")
    one.card("✅ [bare] Merged")


def test_a_reply_that_is_faster_than_the_store_finds_its_session(outside_one: Outside) -> None:
    """It comes in the same moment in which the server takes the message it answers."""
    api = outside_one.api
    replied: list[int] = []
    answer = api.answer

    def replied_meanwhile(method: str, params: Json) -> Answer:
        found = answer(method, params)
        if "[quick] Started" in params.get("text", "") and not replied:
            replied.append(api.say("and quickly", reply_to=api.card("[quick] Started")))
            time.sleep(0.2)  # the reply is there before the sender is told that its message was taken
        return found

    api.answer = replied_meanwhile  # type: ignore[method-assign]
    api.say("/new shop quick: slow 1")
    api.card("✅ [quick]", "and quickly")
    assert len(api.all("Started")) == 1
