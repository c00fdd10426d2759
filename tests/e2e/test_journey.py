"""One task, from a chat message to a commit on main, through a real `leadhand run` over HTTP."""

from __future__ import annotations

from pathlib import Path

from tests.rig import git, stage


async def test_a_task_goes_from_chat_to_merged_branch(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        before = git(play.repo, "rev-parse", "main")
        await play.chat.say("Add a JSON output format")
        first = await play.see("Plan v1", button="Approve")
        await first.press("Revise")
        ask = await play.see("What should change")
        assert first.buttons == []
        await play.chat.say("Also document the format in the README")
        second = await play.see("Plan v2", button="Approve", after=ask)
        assert "document the format" in second.text
        await second.press("Approve")
        question = await play.see("❓", button="JSON")
        await question.press("JSON")
        done = await play.see("✅ [")
        assert "3 files" in done.text
        branch = await play.see("🔀 [", button="Merge")
        await branch.press("Merge")
        merged = await play.see("Merged leadhand/")
        assert merged.text.startswith("✅ [")
        assert git(play.repo, "rev-parse", "main") != before
        assert "json" in git(play.repo, "show", "main:tally/formats.py").lower()
        assert git(play.repo, "status", "--porcelain") == ""
        assert play.sent("✅ [") == 2
        assert play.sent("👍 [") == 1
