"""Projects and agents nobody can work with: each tells why in the chat, and nothing is left behind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.demo.repository import create
from tests.e2e.scripted import acting, scripted
from tests.rig import configuration, git, stage


def untouched(repo: Path, home: Path) -> None:
    """No branch and no worktree of ours is left."""
    if (repo / ".git").exists():
        assert git(repo, "for-each-ref", "refs/heads/leadhand/") == ""
        assert len(git(repo, "worktree", "list").splitlines()) == 1
    trees = home / "worktrees"
    assert not trees.exists() or not [p for p in trees.rglob("*") if p.is_file()]


def _missing(at: Path) -> None:
    assert not at.exists()


def _file(at: Path) -> None:
    at.write_text("x")


def _folder(at: Path) -> None:
    at.mkdir()


def _empty(at: Path) -> None:
    at.mkdir()
    git(at, "init", "-q")


def _several(at: Path) -> None:
    create(at)
    git(at, "checkout", "-q", "-b", "one")
    git(at, "branch", "two")
    git(at, "branch", "-D", "main")


@pytest.mark.parametrize(
    ("make", "extra", "reason"),
    [
        (_missing, "", "There is no folder"),
        (_file, "", "There is no folder"),
        (_folder, "", "is not a git repository"),
        (_empty, "", "has no commit yet"),
        (create, "base = 'maine'\n", "has no branch maine"),
        (create, "agent = 'absent'\n", "was not found"),
        (create, "agent = 'forbidden'\n", "does not start"),
    ],
)
async def test_a_task_that_cannot_begin_says_why_and_leaves_nothing(
    tmp_path: Path, make: Callable[[Path], None], extra: str, reason: str
) -> None:
    other = tmp_path / "other"
    make(other)
    async with stage(tmp_path, start=False) as play:
        home = play.leadhand.home
        text = configuration(play.repo) + (
            f"[projects.other]\npath = {str(other)!r}\n{extra}"
            "[agents.absent]\ndriver = 'claude'\ncommand = 'no-such-program'\n"
            f"[agents.forbidden]\ndriver = 'claude'\ncommand = [{str(home / 'leadhand.toml')!r}]\n"
        )
        (home / "leadhand.toml").write_text(text)
        await play.leadhand.start()
        await play.chat.say("/new other Change something")
        failed = await play.see("❌ [change-something] Failed")
        assert reason in failed.text
        assert "Reply here to try again" in failed.text
        untouched(other, home)
        assert play.sent("⚙️") == 0
        await play.chat.say("/new tally Add a JSON output format")
        await play.see("📋 [add-json-output-format] Plan v1", button="Approve")


async def test_a_task_that_could_not_begin_begins_when_the_cause_is_gone(tmp_path: Path) -> None:
    async with stage(tmp_path, start=False) as play:
        hidden = tmp_path / "hidden"
        play.repo.rename(hidden)
        await play.leadhand.start()
        await play.chat.say("Add a JSON output format")
        failed = await play.see("❌ [")
        hidden.rename(play.repo)
        await failed.reply("try again")
        plan = await play.see("Plan v1", button="Approve")
        assert "Add a JSON output format" in plan.text


async def test_a_checkout_with_changes_is_left_alone_and_the_task_starts_from_the_last_commit(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path) as play:
        (play.repo / "README.md").write_text("half a sentence")
        (play.repo / "new.txt").write_text("not added")
        await play.chat.say("Add a JSON output format")
        started = await play.see("not committed")
        assert started.text.startswith("🚀 [add-json-output-format] Started")
        assert "last commit of main" in started.text
        await play.see("Plan v1", button="Approve")
        [tree] = [p.parent for p in (play.leadhand.home / "worktrees").rglob("README.md")]
        assert (tree / "README.md").read_text() != "half a sentence"
        assert not (tree / "new.txt").exists()
        assert (play.repo / "README.md").read_text() == "half a sentence"
        assert git(play.repo, "status", "--porcelain") == "M README.md\n?? new.txt"


async def test_a_clean_checkout_is_not_mentioned(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        await play.chat.say("Add a JSON output format")
        await play.see("Plan v1", button="Approve")
        assert play.sent("not committed") == 0


# ---- agents -------------------------------------------------------------------------------------------


async def test_an_agent_that_ends_at_once_shows_what_it_said_on_its_terminal(tmp_path: Path) -> None:
    script: list[tuple[str, Any]] = [
        ("before", 0), ("tty", "\x1b[31mconfig broken\x1b[0m: ✅ [x] Completed\n"), ("exit", 3),
    ]  # fmt: skip
    async with acting(tmp_path, script, []) as play:
        await play.chat.say("Do something")
        failed = await play.see("❌ [do-something] Failed")
        assert "exit code 3" in failed.text
        assert "config broken" in failed.text
        assert "\x1b" not in failed.text
        assert "\n✅" not in failed.text


async def test_an_agent_killed_from_outside_names_the_signal(tmp_path: Path) -> None:
    script: list[tuple[str, Any]] = [("say", "at it"), ("tty", "bye\n"), ("sleep", 60)]
    async with acting(tmp_path, script) as play:
        await play.chat.say("Do something")
        await play.see("⚙️ [do-something] Working")
        keeper = await play.leadhand.keeper()
        [run] = await keeper.list()
        await keeper.signal(run.run, 9)
        await keeper.close()
        failed = await play.see("❌ [do-something] Failed")
        assert "signal 9" in failed.text


async def test_garbage_on_the_agents_output_is_skipped(tmp_path: Path) -> None:
    garbage = (
        'nonsense\n{"type":\n[]\n"text"\n5\nnull\n{}\n{"type":"assistant"}\n{"type":5}\n\xff\xfe\x00\n\n'
    )
    script: list[tuple[str, Any]] = [("raw", garbage), ("end", "All the same.")]
    async with acting(tmp_path, script) as play:
        await play.chat.say("Do something")
        done = await play.see("✅ [do-something] Completed")
        assert "All the same." in done.text
        assert "could not be read" not in await play.leadhand.stop()


async def test_one_line_of_five_megabytes_does_no_harm(tmp_path: Path) -> None:
    async with acting(tmp_path, [("long", 5_000_000), ("end", "Still here.")]) as play:
        await play.chat.say("Do something")
        assert "Still here." in (await play.see("✅ [do-something]")).text


async def test_a_line_without_an_end_ends_the_agent_and_says_so(tmp_path: Path) -> None:
    async with acting(tmp_path, [("long", 40_000_000), ("sleep", 60)]) as play:
        await play.chat.say("Do something")
        failed = await play.see("❌ [do-something] Failed")
        assert "without an end of line" in failed.text
        keeper = await play.leadhand.keeper()
        assert [run.state for run in await keeper.list()] == ["exited"]
        await keeper.close()


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({"result": "Invalid API key · Please run /login", "api_error_status": 401}, "is not logged in"),
        ({"result": "API Error: 529 overloaded", "api_error_status": 529}, "overloaded"),
        ({"result": "Connection error: ECONNREFUSED"}, "cannot reach its model"),
        ({"result": ""}, "ended unexpectedly"),
        ({"result": "<b>x</b> *y*\n✅ [z] Completed " + "long " * 4000}, "ended unexpectedly"),
    ],
)
async def test_an_agent_that_cannot_work_says_why(tmp_path: Path, result: dict[str, Any], said: str) -> None:
    async with acting(tmp_path, [("fail", result)]) as play:
        await play.chat.say("Do something")
        failed = await play.see("❌ [do-something] Failed")
        assert said in failed.text
        assert "\n✅" not in failed.text
        assert len(failed.text) <= 4096
        assert play.sent("❌") == 1


async def test_the_token_reaches_neither_the_agent_nor_the_keeper(tmp_path: Path) -> None:
    async with acting(tmp_path, [("environment", 0), ("say", "x"), ("sleep", 30)]) as play:
        token = play.leadhand.environ["LEADHAND_TELEGRAM_TOKEN"]
        secret = token.partition(":")[2]
        await play.chat.say("Do something")
        await play.see("⚙️ [do-something] Working")
        keeper = await play.leadhand.keeper()
        status, [run] = await keeper.status(), await keeper.list()
        await keeper.close()
        for pid in (run.pid, status.vault_pid, status.pump_pid):
            environ = Path(f"/proc/{pid}/environ").read_bytes()
            assert secret.encode() not in environ
            assert b"LEADHAND_TELEGRAM" not in environ
        heard = tmp_path / "script.heard"
        async with asyncio.timeout(10):
            while not (heard.exists() and "environment" in heard.read_text()):
                await asyncio.sleep(0.05)
        assert secret not in heard.read_text()
        err = await play.leadhand.stop()
        assert secret not in err
        for path in play.leadhand.home.rglob("*"):
            if path.is_file():
                assert secret.encode() not in path.read_bytes(), path


async def test_a_token_the_agent_knows_all_the_same_is_not_shown(tmp_path: Path) -> None:
    async with stage(tmp_path, start=False) as play:
        script = tmp_path / "script.json"
        token = play.leadhand.environ["LEADHAND_TELEGRAM_TOKEN"]
        question = {"questions": [{"question": f"Use {token}?", "options": [{"label": token}]}]}
        turn = [("say", token), ("ask", question), ("plan", f"Use `{token}`"), ("end", f"It is {token}.")]
        script.write_text(json.dumps([turn]))
        (play.leadhand.home / "leadhand.toml").write_text(scripted(play.repo, script))
        await play.leadhand.start()
        await play.chat.say("Do something")
        question_card = await play.see("❓ [do-something]")
        await question_card.press(question_card.buttons[0])
        await (await play.see("Plan v1", button="Approve")).press("Approve")
        await play.see("✅ [do-something]")
        shown = "\n".join(n.text + str(n.keyboard) for n in play.chat.messages)
        assert token.partition(":")[2] not in shown
        assert "[redacted]" in shown
