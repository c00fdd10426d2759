"""Updates by webhook instead of polling: the same journey begins, and a forged delivery is refused."""

from __future__ import annotations

import socket
from pathlib import Path

import aiohttp

from tests.rig import stage


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_task_arrives_by_webhook_and_a_forged_one_does_not(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/hook"
    extra = f"[telegram]\nwebhook = '{url}'\nwebhook_port = {port}\n"
    async with stage(tmp_path, extra=extra) as play:
        await play.chat.say("Add a JSON output format")
        plan = await play.see("Plan v1", button="Approve")
        forged = {"update_id": 1, "message": {"text": "/new evil"}}
        async with aiohttp.ClientSession() as client:
            for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "guess"}):
                async with client.post(url, json=forged, headers=headers) as answer:
                    assert answer.status in {401, 403}
        await plan.press("Reject")
        await play.see("⛔ [")
        assert [c.method for c in play.sandbox.calls if c.method.lower() == "getupdates"] == []
