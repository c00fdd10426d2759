"""The keeper is ended by hand while `leadhand run` runs: what waits goes on with the next one."""

from __future__ import annotations

from pathlib import Path

from tests.rig import stage


async def test_a_plan_is_approved_after_its_keeper_was_stopped(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        await play.chat.say("Add a JSON output format")
        plan = await play.see("Plan v1", button="Approve")
        code, _, said = await play.leadhand.run("keeper", "stop", "--force")
        assert (code, said) == (0, "")
        await plan.press("Approve")
        question = await play.see("❓", button="JSON")
        code, _, _ = await play.leadhand.run("keeper", "stop", "--force")
        assert code == 0
        await question.press("JSON")  # the agent that asked is gone: it is resumed, and this one asks again
        again = await play.see("❓", button="JSON", after=question)
        await again.press("JSON")
        await play.see("✅ [")
        assert play.sent("📋 [") == 1
