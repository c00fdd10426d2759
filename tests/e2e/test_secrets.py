"""What an agent says may hold a secret; no message of the bot does."""

from __future__ import annotations

from pathlib import Path

from tests.rig import stage

KEY = "sk-ant-api03-Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"
KNOWN = "correct horse battery staple"


async def test_an_agents_plan_brings_no_secret_into_the_chat(tmp_path: Path) -> None:
    async with stage(tmp_path, environ={"STABLE_PASSWORD": KNOWN}) as play:
        token = play.sandbox.token
        await play.chat.say("leak: Add a JSON output format")
        first = await play.see("[leak] Plan v1", button="Revise")
        await first.press("Revise")
        await play.see("What should change")
        half = KEY.replace("sk-", "sk\\-")  # whole only when it is rendered
        await play.chat.say(f"Use {token} and {KEY}, then {half}, then {KNOWN}")
        second = await play.see("[leak] Plan v2", button="Approve")
        assert second.text.count("[redacted]") == 4
        said = "\n".join(note.text for note in play.chat.messages if note.message.sender.is_bot)
        assert not [secret for secret in (token, token.partition(":")[2], KEY, KNOWN) if secret in said]
        await second.press("Approve")
        await play.see("❓", button="JSON")
        log = await play.leadhand.stop()
        assert token not in log
