"""What goes wrong outside: kills at the worst moments, a slow or absent server, refusals."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.outside.api import Answer, Json
from tests.outside.rig import Outside, Person

pytestmark = [pytest.mark.slow, pytest.mark.chaos]
Make = Callable[..., Outside]


def once(outside: Outside, *parts: str) -> None:
    """One message holds these words, and one only."""
    found = outside.api.all(*parts)
    assert len(found) == 1, outside.api.transcript()


def test_a_kill_at_every_wait_loses_nothing_and_repeats_nothing(outside_one: Outside) -> None:
    outside, one, api = outside_one, Person(outside_one), outside_one.api
    one.new("kill", "journey and be killed")
    plan = one.plan("kill")
    api.settled(1.2)
    outside.kill()
    one.press(plan, "Approve")  # while nobody listens
    outside.run()
    question = one.card("❓ [kill]", button="Ahoy")
    api.settled(1.2)
    outside.kill()
    outside.run()
    one.press(question, "Ahoy")
    outside.until(lambda: len(outside.answers()) > 1, "the answer at the agent")
    outside.kill()  # between the model's answer and the ✅ line
    outside.run()
    one.card("✅ [kill] Completed", "Wrote the greeting Ahoy.")
    branch = one.card("🔀 [kill]", button="Merge")
    api.settled(1.2)
    outside.kill()
    outside.run()
    one.press(branch, "Merge")
    one.card("✅ [kill] Merged")
    assert outside.git("show", "main:greeting.txt") == "Ahoy"
    assert len(outside.starts()) == 1
    for sign in ("📋", "❓", "🔀", "👍"):
        once(outside, f"{sign} [kill]")
    once(outside, "✅ [kill] Completed")
    once(outside, "✅ [kill] Merged")


def test_a_press_that_was_handled_half_is_finished_after_a_kill(outside_one: Outside) -> None:
    outside, one = outside_one, Person(outside_one)
    one.new("half", "edit half.txt x")
    branch = one.card("🔀 [half]", button="Merge")
    one.press(branch, "Merge")
    time.sleep(0.05)
    outside.kill()
    outside.run()
    one.card("✅ [half] Merged")
    outside.api.settled(1.2)
    once(outside, "✅ [half] Merged")
    assert outside.git("show", "main:half.txt") == "x"


@pytest.mark.parametrize("which", [0, 1], ids=["vault", "pump"])
def test_an_agent_survives_the_kill_of_half_its_keeper(outside_one: Outside, which: int) -> None:
    outside, one = outside_one, Person(outside_one)
    one.new("keep", "journey on")
    plan = one.plan("keep")
    before = outside.keeper_pids()
    os.kill(before[which], signal.SIGKILL)
    outside.until(lambda: outside.keeper_pids()[which] != before[which], "the other half")
    one.press(plan, "Approve")
    one.press(one.card("❓ [keep]", button="Ahoy"), "Ahoy")
    one.card("✅ [keep]", "Wrote the greeting Ahoy.")
    assert len(outside.starts()) == 1


def test_a_slow_server_does_not_delay_the_agent(outside_one: Outside) -> None:
    outside, one = outside_one, Person(outside_one)
    one.new("warm", "slow 0")
    one.card("✅ [warm]")
    outside.api.delay_s = 5.0
    at = time.time()
    one.new("fast", "slow 0")
    outside.until(lambda: len(outside.starts()) > 1, "the agent", 4.0)
    assert outside.starts()[-1]["at"] - at < 1.5
    one.card("✅ [fast]")


def test_a_429_is_honoured_and_nothing_is_lost(outside_one: Outside) -> None:
    one, api = Person(outside_one), outside_one.api
    refused: list[float] = []

    def fault(method: str, params: Json) -> Answer | None:
        if method != "sendMessage" or refused:
            return None
        refused.append(time.monotonic())
        wrong = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 3"}
        return 429, {**wrong, "parameters": {"retry_after": 3}}

    api.fault = fault
    one.new("flood", "slow 0")
    one.card("✅ [flood]")
    after = [c.at for c in api.calls if c.method in {"sendMessage", "editMessageText"} and c.at > refused[0]]
    assert min(after) - refused[0] >= 3.0


def test_refused_entities_become_plain_words(outside_one: Outside) -> None:
    one, api = Person(outside_one), outside_one.api

    def fault(method: str, params: Json) -> Answer | None:
        if method == "sendMessage" and params.get("entities"):
            wrong = "Bad Request: can't parse entities: unsupported entity type"
            return 400, {"ok": False, "error_code": 400, "description": wrong}
        return None

    api.fault = fault
    one.new("words", "journey in words")
    plan = one.plan("words")
    assert "Write greeting.txt" in plan.text
    one.press(plan, "Approve")
    one.card("❓ [words]", button="Ahoy")


def test_a_server_that_goes_away_for_a_while_loses_nothing(outside_one: Outside) -> None:
    outside, one, api = outside_one, Person(outside_one), outside_one.api
    one.new("away", "slow 2")
    outside.until(outside.starts, "the agent")
    api.stop()
    time.sleep(5)
    api.start()
    one.card("✅ [away] Completed")
    once(outside, "✅ [away] Completed")
    one.new("back", "slow 0")
    one.card("✅ [back] Completed")


def test_a_server_without_a_name_for_the_bot_is_fine(outside: Make) -> None:
    made = outside()
    made.api.username = None
    made.run()
    assert len([line for line in made.stdout if line.startswith("leadhand ready")]) == 1


def test_pairing_works_once_and_the_environment_needs_none(outside: Make) -> None:
    made = outside(owner=None).run()
    lines = [line for line in made.stdout if "pairing code" in line]
    code = lines[0].split("/start ")[1].split()[0]
    made.api.say("/start wrong-code", user=5)
    made.api.card("not right", chat=5)
    made.api.say(f"/start {code}", user=6)
    made.api.card("Paired", chat=6)
    made.api.say(f"/start {code}", user=7)
    made.api.card("paired people only", chat=7)
    Person(made, 6).new("mine", "slow 0")
    made.api.card("✅ [mine]", chat=6)
    made.end()
    made.run()
    assert not [line for line in made.stdout if "pairing code" in line]


def test_a_signal_ends_it_and_the_agent_goes_on(outside_one: Outside) -> None:
    outside, one = outside_one, Person(outside_one)
    one.new("on", "slow 2")
    outside.until(lambda: "slow 2" in outside.prompts(), "the prompt")
    assert outside.end() == 0
    time.sleep(2.5)
    outside.run()
    one.card("✅ [on]", "Slowly done")
    assert len(outside.starts()) == 1
