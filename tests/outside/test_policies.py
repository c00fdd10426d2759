"""Settings: strategies, modes, overrides and agents, each seen in git or at the agent's end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.outside.rig import Outside, Person

pytestmark = pytest.mark.slow
Make = Callable[..., Outside]

SETTINGS = """
permission_mode = "default"

[projects.off]
path = "{folder}/off"
strategy = "off"

[projects.manual]
path = "{folder}/manual"
strategy = "manual"
permission_mode = "bypass"

[projects.gate]
path = "{folder}/gate"
permission_mode = "plan"
agent = "other"
base = "work"

[agents.other]
driver = "claude"
command = {command}
model = "big-one"
base_url = "http://127.0.0.1:9/model"
key_env = "MY_KEY"
[agents.other.env]
OUTSIDE_LOG = "{folder}/agent.log"
EXTRA = "yes"
"""
NAMES = ("shop", "off", "manual", "gate", "dirty", "aside", "clash")


@pytest.fixture
def many(outside: Make, monkeypatch: pytest.MonkeyPatch) -> Outside:
    import json
    import sys

    from tests.outside.rig import AGENT

    monkeypatch.setenv("MY_KEY", "key-of-the-model")
    made = outside(projects=NAMES)
    command = json.dumps([sys.executable, str(AGENT)])
    made.settings = SETTINGS.format(folder=made.folder, command=command)
    made.write_config()
    made.git("branch", "work", project="gate")
    return made.run()


def argument(argv: list[str], flag: str) -> str:
    return argv[argv.index(flag) + 1]


def test_each_project_is_run_by_its_own_policy(many: Outside) -> None:
    people = {name: many.person(2000 + n, name) for n, name in enumerate(NAMES)}
    for name, somebody in people.items():
        if name != "gate":
            somebody.new(name, f"edit {name}.txt words")
    people["gate"].new("gate", "planned")
    people["gate"].press(people["gate"].plan("gate"), "Approve")
    for name, somebody in people.items():
        somebody.card(f"✅ [{name}] Completed")
    starts = {line["cwd"].split("/")[-1].partition("-")[0]: line for line in many.starts()}
    _off(many, people["off"])
    _manual(many, people["manual"], starts["manual"]["start"], starts["manual"]["env"])
    _gate(many, people["gate"], next(s for s in many.starts() if "big-one" in s["start"]))
    assert argument(starts["dirty"]["start"], "--permission-mode") == "default"
    _dirty(many, people["dirty"])
    _aside(many, people["aside"])
    _clash(many, people["clash"])


def _off(many: Outside, somebody: Person) -> None:
    """The agent worked in the checkout itself, and nothing is asked."""
    assert (many.repository("off") / "off.txt").read_text() == "words\n"
    assert somebody.git("branch", "--list").split() == ["*", "main"]
    assert not many.api.all("🔀 [off]")


def _manual(many: Outside, somebody: Person, argv: list[str], env: dict[str, str]) -> None:
    """The branch stays, without a question; a command still merges it."""
    assert argument(argv, "--permission-mode") == "bypassPermissions"
    assert env["IS_SANDBOX"] == "1"
    assert not many.api.all("🔀 [manual]")
    assert "manual" in somebody.git("branch", "--list")
    somebody.say("/merge manual")
    somebody.card("✅ [manual] Merged")
    assert somebody.git("show", "main:manual.txt") == "words"


def _gate(many: Outside, somebody: Person, line: dict[str, object]) -> None:
    argv, env = line["start"], line["env"]
    assert isinstance(argv, list)
    assert isinstance(env, dict)
    assert argument(argv, "--permission-mode") == "plan"
    assert argument(argv, "--model") == "big-one"
    assert env["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:9/model"
    assert env["ANTHROPIC_API_KEY"] == "key-of-the-model"
    assert env["EXTRA"] == "yes"
    somebody.press(somebody.card("🔀 [gate]", "work", button="Merge"), "Merge")
    somebody.card("✅ [gate] Merged")
    assert somebody.git("show", "work:planned.txt") == "planned"
    assert "planned.txt" not in somebody.git("ls-tree", "--name-only", "main")


def _dirty(many: Outside, somebody: Person) -> None:
    """Local edits that overlap keep the decision open and are named."""
    mine = many.repository("dirty") / "dirty.txt"
    mine.write_text("my own\n")
    branch = somebody.card("🔀 [dirty]", button="Merge")
    somebody.press(branch, "Merge")
    somebody.card("⚠️ [dirty]", "dirty.txt")
    assert mine.read_text() == "my own\n"
    mine.unlink()
    again = somebody.card("🔀 [dirty]", button="Merge")
    somebody.press(again, "Merge")
    somebody.card("✅ [dirty] Merged")
    assert mine.read_text() == "words\n"


def _aside(many: Outside, somebody: Person) -> None:
    """The base is not checked out: the checkout is not touched."""
    somebody.git("checkout", "-qb", "elsewhere")
    somebody.press(somebody.card("🔀 [aside]", button="Merge"), "Merge")
    somebody.card("✅ [aside] Merged")
    assert somebody.git("show", "main:aside.txt") == "words"
    assert not (many.repository("aside") / "aside.txt").exists()
    assert somebody.git("status", "--porcelain") == ""


def _clash(many: Outside, somebody: Person) -> None:
    """A conflict changes nothing and stays open."""
    (many.repository("clash") / "clash.txt").write_text("theirs\n")
    somebody.git("add", ".")
    somebody.git("commit", "-qm", "theirs")
    before = somebody.git("rev-parse", "main")
    branch = somebody.card("🔀 [clash]", button="Merge")
    somebody.press(branch, "Merge")
    somebody.card("⚠️ [clash]", "clash.txt")
    assert somebody.git("rev-parse", "main") == before
    assert somebody.git("status", "--porcelain") == ""
    again = somebody.card("🔀 [clash]", button="Discard")
    assert again.id != branch.id or again.rows
