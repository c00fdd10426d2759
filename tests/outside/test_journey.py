"""The journey and what its messages look like, seen by a Bot API server that is not ours."""

from __future__ import annotations

from tests.outside.rig import Outside


def test_a_task_goes_from_a_message_to_a_merged_branch(shared: Outside) -> None:
    api = shared.api
    shared.new("greet", "journey write a greeting")
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


def test_exactly_one_line_says_that_it_is_ready(shared: Outside) -> None:
    assert len([line for line in shared.stdout if line.startswith("leadhand ready")]) == 1
