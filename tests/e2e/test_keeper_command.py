"""`leadhand keeper status|stop` beside a running bot, and what the bot does when its keeper is ended."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.scripted import acting


async def test_stop_refuses_while_agents_run_and_force_ends_them(tmp_path: Path) -> None:
    async with acting(tmp_path, [("say", "at it"), ("sleep", 600)]) as play:
        await play.chat.say("/new one: Do something")
        await play.see("⚙️ [one] Working")
        code, out, err = await play.leadhand.run("keeper", "status")
        assert (code, err) == (0, "")
        assert "1 running" in out
        assert "s1-1" in out
        code, out, err = await play.leadhand.run("keeper", "stop")
        assert (code, out) == (1, "")
        assert err == "leadhand: 1 agent is running; --force ends it\n"
        await play.leadhand.stop()
        code, out, err = await play.leadhand.run("keeper", "stop", "--force")
        assert (code, out, err) == (0, "keeper stopped\n", "")
        code, out, _ = await play.leadhand.run("keeper", "status")
        assert (code, out) == (0, f"no keeper runs for {play.leadhand.home}\n")


async def test_a_bot_whose_keeper_was_ended_says_so_and_starts_another_for_the_next_task(
    tmp_path: Path,
) -> None:
    async with acting(tmp_path, [("say", "at it"), ("sleep", 600)]) as play:
        await play.chat.say("/new one: Do something")
        await play.see("⚙️ [one] Working")
        code, _, _ = await play.leadhand.run("keeper", "stop", "--force")
        assert code == 0
        await play.chat.until(
            lambda: next(
                (n for n in play.chat.messages if n.text[:1] in "❌💤⛔" and "[one]" in n.text), None
            ),
            what="an end of one",
            timeout=20,
        )
        await play.chat.say("/new two: Do something")
        await play.see("⚙️ [two] Working")
