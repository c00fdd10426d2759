"""Words, buttons and commands: what a person can do, each seen at the agent's end.

Every scene has its own person, chat and repository, and all of them are played at the same time by one
`leadhand run`: what waits for the pace of one chat does not hold up the others.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.outside.api import Card
from tests.outside.rig import Outside, Person

pytestmark = pytest.mark.slow
Scene = Callable[[Person, Outside], None]
SCENES: list[Scene] = []
AT_ONCE = 32
LONGEST_S = 90


def scene(play: Scene) -> Scene:
    """Have it played as a test of its own."""
    SCENES.append(play)
    return play


@pytest.fixture(scope="module")
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Scene, Future[None]]]:
    """Start every scene that was asked for."""
    params = [getattr(item, "callspec", None) for item in request.session.items if item.path == request.path]
    wanted = [spec.params["play"] for spec in params if spec is not None]
    projects = tuple(f"p{SCENES.index(play)}" for play in wanted)
    outside = Outside(tmp_path_factory.mktemp("talk") / "o", projects=("shop", *projects))
    pairing = threading.Lock()

    def perform(play: Scene) -> None:
        number = SCENES.index(play)
        with pairing:  # there is one code at a time
            somebody = outside.person(1000 + number, f"p{number}")
        play(somebody, outside)

    try:
        outside.run()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield {play: pool.submit(perform, play) for play in wanted}
    finally:
        outside.close()


@scene
def a_name_that_is_taken_gets_a_suffix(somebody: Person, shared: Outside) -> None:
    somebody.new("same", "slow 0")
    somebody.card("✅ [same]")
    somebody.new("same", "slow 0")
    somebody.card("✅ [same-2]")


@scene
def without_a_plan_the_answer_is_the_summary(somebody: Person, shared: Outside) -> None:
    somebody.new("ask", "What is this?")
    done = somebody.card("✅ [ask] Completed", "I heard: What is this?")
    assert not [b for b in done.labels if b == "Merge"]
    assert not somebody.api.all("🔀 [ask]")


@scene
def commands_with_a_name_do_what_the_buttons_do(somebody: Person, shared: Outside) -> None:
    somebody.new("cmd", "journey by command")
    somebody.plan("cmd")
    somebody.say("/revise cmd Mention the weather")
    somebody.card("📋 [cmd] Plan v2", "changed: Mention the weather", button="Approve")
    somebody.say("/approve cmd")
    somebody.card("❓ [cmd]", button="Ahoy")
    somebody.say("/answer cmd Ahoy")
    somebody.card("✅ [cmd] Completed", "Wrote the greeting Ahoy.")
    somebody.card("🔀 [cmd]", button="Merge")
    somebody.say("/later cmd")
    somebody.say("/discard cmd")
    somebody.card("[cmd]", button="Yes")
    somebody.say("/no cmd")
    somebody.api.wait(
        lambda: not [c for c in somebody.api.all("[cmd]") if "Yes" in c.labels], "the end of Yes"
    )
    somebody.say("/merge cmd")
    somebody.card("✅ [cmd] Merged")
    assert somebody.git("show", "main:greeting.txt") == "Ahoy"


@scene
def a_reply_answers_a_question_in_own_words(somebody: Person, shared: Outside) -> None:
    somebody.new("own", "twice")
    first = somebody.card("❓ [own]", button="Yes")
    somebody.say("Perhaps", reply_to=first)
    somebody.api.wait(lambda: not first.rows, "the end of the first question")
    second = somebody.card("❓ [own]", button="No")
    assert second.id != first.id
    somebody.press(second, "No")
    somebody.card("✅ [own]", "Got Perhaps then No")


@scene
def several_questions_and_several_answers(somebody: Person, shared: Outside) -> None:
    somebody.new("many", "questions")
    somebody.press(somebody.card("❓ [many]", "Which colour?", button="Blue, dark"), "Blue, dark")
    parts = somebody.card("❓ [many]", "Which parts?", button="Done")
    for label in ("Code", "Docs", "Tests", "Docs"):
        edits = parts.edits
        somebody.press(parts, label)
        ticked(somebody, parts, edits)
    somebody.press(parts, "Done")
    wanted = json.dumps({"Which colour?": "Blue, dark", "Which parts?": "Code, Tests"}, sort_keys=True)
    somebody.card("✅ [many]", wanted)


@scene
def permissions_are_asked_for_and_answered(somebody: Person, shared: Outside) -> None:
    somebody.new("perm", "bash")
    first = somebody.card("❓ [perm]", "rm -rf build", button="Allow")
    assert first.labels[:2] == ["Allow", "Deny"]
    somebody.press(first, "Deny")
    somebody.card("✅ [perm]", "Bash: deny")
    somebody.say("bash", reply_to=first)
    second = somebody.card("❓ [perm]", "rm -rf build", button="Allow")
    somebody.say("/allow perm")
    somebody.card("✅ [perm]", "Bash: allow")
    somebody.api.wait(lambda: not second.rows, "the end of the buttons")


@scene
def a_follow_up_reaches_the_agent_that_runs(somebody: Person, shared: Outside) -> None:
    somebody.new("steer", "slow 2")
    card = somebody.card("[steer] Started")
    shared.until(lambda: "slow 2" in shared.prompts(), "the prompt")
    somebody.say("also do this", reply_to=card)
    somebody.card("✅ [steer]", "also do this")
    session = shared.of("steer")
    assert len([s for s in shared.starts() if s["session"] == session]) == 1
    somebody.pause()
    assert shared.prompts().count("also do this") == 1
    done = somebody.card("✅ [steer]")
    assert len(somebody.api.all("✅ [steer]")) == 1
    shared.until(lambda: shared.heard(session=session, end="eof"), "the end of the idle process")
    somebody.say("more", reply_to=done)
    somebody.card("✅ [steer]", "I heard: more")  # and nothing it had heard before


@scene
def a_follow_up_after_the_end_resumes_the_same_conversation(somebody: Person, shared: Outside) -> None:
    somebody.new("again", "edit again.txt once")
    done = somebody.card("✅ [again]", "Wrote again.txt")
    old = somebody.card("🔀 [again]", button="Merge")
    session = shared.of("again")
    shared.until(lambda: shared.heard(session=session, end="eof"), "the end of the first process")
    somebody.say("edit more.txt twice", reply_to=done)
    somebody.card("✅ [again]", "Wrote more.txt")
    starts = [s["start"] for s in shared.starts() if s["session"] == session]
    assert [("--resume" in argv, session in argv) for argv in starts] == [(False, True), (True, True)]
    somebody.api.wait(lambda: not old.rows, "the end of the old question")
    branch = somebody.card("🔀 [again]", button="Merge")
    somebody.press(branch, "Merge")
    somebody.card("✅ [again] Merged")
    assert somebody.git("show", "main:more.txt") == "twice"


@scene
def stop_ends_the_agent_and_a_reply_resumes_it(somebody: Person, shared: Outside) -> None:
    somebody.new("halt", "slow 60")
    shared.until(lambda: "slow 60" in shared.prompts(), "the prompt")
    somebody.say("/stop halt")
    line = somebody.card("⛔ [halt]")
    assert line.text.startswith("⛔ [halt]")
    somebody.say("Go on", reply_to=line)
    somebody.card("✅ [halt]", "I heard: Go on")


@scene
def reject_stops_and_removes_a_clean_worktree(somebody: Person, shared: Outside) -> None:
    somebody.new("nope", "planned")
    plan = somebody.plan("nope")
    path = next(s["cwd"] for s in shared.starts() if s["session"] == shared.of("nope"))
    somebody.press(plan, "Reject")
    somebody.card("⛔ [nope]")
    shared.until(lambda: path not in somebody.git("worktree", "list"), "the end of the worktree")
    assert [a["behavior"] for a in shared.answers(shared.of("nope"))] == ["deny"]


@scene
def a_stop_while_a_plan_waits_keeps_the_session_resumable(somebody: Person, shared: Outside) -> None:
    somebody.new("pause", "planned")
    plan = somebody.plan("pause")
    somebody.say("/stop pause")
    line = somebody.card("⛔ [pause]")
    somebody.say("planned", reply_to=line)
    somebody.api.wait(lambda: not plan.rows, "the end of the old buttons")
    second = somebody.card("📋 [pause]", button="Approve")
    assert second.id != plan.id
    somebody.press(second, "Approve")
    somebody.card("✅ [pause]", "Did as planned.")


@scene
def a_double_press_and_an_old_button_change_nothing(somebody: Person, shared: Outside) -> None:
    somebody.new("dbl", "planned")
    plan = somebody.plan("dbl")
    data = plan.button("Approve")["callback_data"]
    for _ in range(3):
        somebody.api.press_data(plan, data, user=somebody.user)
    somebody.card("✅ [dbl]", "Did as planned.")
    somebody.api.press_data(plan, data, user=somebody.user)
    somebody.api.press_data(plan, "forged", user=somebody.user)
    somebody.say("/status dbl")
    somebody.card("[dbl]", "planned", "ompleted")  # answered after the presses were
    assert len(somebody.api.all("👍 [dbl]")) == 1
    assert len(somebody.api.all("✅ [dbl]")) == 1


@scene
def discard_is_confirmed_and_leaves_nothing(somebody: Person, shared: Outside) -> None:
    somebody.new("junk", "edit junk.txt x")
    branch = somebody.card("🔀 [junk]", button="Discard")
    somebody.press(branch, "Discard")
    ask = somebody.card("[junk]", button="Yes")
    assert ask.labels == ["Yes", "No"]
    somebody.press(ask, "No")
    somebody.api.wait(lambda: not ask.rows, "the end of the question")
    assert "Discard" in branch.labels
    somebody.press(branch, "Discard")
    again = somebody.card("[junk]", button="Yes")
    assert again.id != ask.id
    somebody.press(again, "Yes")
    somebody.card("⛔ [junk]")
    assert "junk" not in somebody.git("branch", "--list")


@scene
def later_keeps_the_question_open(somebody: Person, shared: Outside) -> None:
    somebody.new("later", "edit later.txt x")
    branch = somebody.card("🔀 [later]", button="Later")
    somebody.press(branch, "Later")
    somebody.api.wait(lambda: branch.edits, "the mark on the card")
    assert "Merge" in branch.labels
    somebody.press(branch, "Merge")
    somebody.card("✅ [later] Merged")


@scene
def a_crash_is_told_with_its_reason(somebody: Person, shared: Outside) -> None:
    somebody.new("boom", "crash")
    line = somebody.card("❌ [boom]", "out of cheese")
    assert line.text.startswith("❌ [boom]")
    somebody.say("Try again", reply_to=line)
    somebody.card("✅ [boom]", "I heard: Try again")


@scene
def an_agent_that_is_not_logged_in_names_the_remedy(somebody: Person, shared: Outside) -> None:
    somebody.new("auth", "login")
    line = somebody.card("❌ [auth]", "not logged in")
    assert "log in" in line.text


@scene
def three_sessions_at_once_do_not_mix(somebody: Person, shared: Outside) -> None:
    for name in ("tri-a", "tri-b", "tri-c"):
        somebody.new(name, f"journey {name}")
    for name in ("tri-b", "tri-c", "tri-a"):
        somebody.press(somebody.plan(name), "Approve")
    for name, label in (("tri-c", "Ahoy"), ("tri-a", "Hello, world"), ("tri-b", "Ahoy")):
        somebody.press(somebody.card(f"❓ [{name}]", button=label), label)
    somebody.card("✅ [tri-a]", "Hello, world")
    somebody.card("✅ [tri-b]", "Ahoy")
    somebody.card("✅ [tri-c]", "Ahoy")


@scene
def a_long_plan_is_there_whole_and_keeps_its_buttons(somebody: Person, shared: Outside) -> None:
    somebody.new("long", "longplan 20000")
    plan = somebody.plan("long")
    somebody.card("step 443:")  # the last step: this server takes no documents
    somebody.press(plan, "Approve")
    somebody.card("✅ [long]", "Did the long plan.")


@scene
def a_plan_on_several_pages_says_on_each_what_it_is(somebody: Person, shared: Outside) -> None:
    somebody.new("mid", "longplan 6000")
    last = somebody.plan("mid")
    assert last.text.startswith("📋 [mid] Plan v1")
    *others, page = somebody.api.all("📋 [mid] Plan v1")
    assert others
    assert page.id == last.id
    assert all(not other.labels for other in others)
    somebody.press(last, "Approve")
    somebody.card("✅ [mid]", "Did the long plan.")


@scene
def a_stranger_gets_nothing(somebody: Person, shared: Outside) -> None:
    del somebody
    shared.api.say("/new shop evil: edit evil.txt x", user=666)
    shared.api.say("/sessions", user=666)
    shared.api.card("paired people only", chat=666)
    time.sleep(2)
    assert len([c for c in shared.api.cards if c.chat == 666]) == 1
    assert "evil.txt" not in " ".join(shared.prompts())


@scene
def the_token_is_not_in_an_agents_environment(somebody: Person, shared: Outside) -> None:
    somebody.new("env", "slow 0")
    somebody.card("✅ [env]")
    for line in shared.starts():
        assert not [k for k, v in line["env"].items() if "outside-server" in v or k.startswith("LEADHAND_T")]


def ticked(somebody: Person, card: Card, edits: int) -> None:
    somebody.api.wait(lambda: card.edits > edits, "a tick")


def name_of(play: Scene) -> str:
    return play.__name__


@pytest.mark.timeout(LONGEST_S)
@pytest.mark.parametrize("play", SCENES, ids=name_of)
def test_scene(played: dict[Scene, Future[None]], play: Scene) -> None:
    played[play].result(LONGEST_S)
