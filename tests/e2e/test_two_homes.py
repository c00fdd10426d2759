"""Two Leadhands on one machine, each with its own home, keeper and agents."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.rig import stage


async def test_stopping_a_session_leaves_the_same_session_of_another_home_alone(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    async with stage(tmp_path / "a") as here, stage(tmp_path / "b") as there:
        assert here.leadhand.home.name == there.leadhand.home.name
        await there.chat.say("Add a JSON output format")
        await there.see("Plan v1", button="Approve")
        await here.chat.say("Add a JSON output format")
        card = await here.see("Plan v1", button="Approve")
        await here.chat.say("/stop", reply_to=card)
        await here.see("⛔ [")
        ended = await (await here.leadhand.keeper()).wait("s1-1")
        assert ended.signal == signal.SIGTERM or ended.exit_code == 128 + signal.SIGTERM
        assert [run.state for run in await (await there.leadhand.keeper()).list()] == ["running"]
