"""kill -9 at every waiting point of the journey: nothing is lost, nothing is taken or sent twice."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from bot.sandbox import Note
from tests.rig import Stage, git, stage

pytestmark = pytest.mark.chaos


async def to_plan(play: Stage) -> Note:
    await play.chat.say("Add a JSON output format")
    return await play.see("Plan v1", button="Approve")


async def to_question(play: Stage) -> Note:
    await (await to_plan(play)).press("Approve")
    return await play.see("❓", button="JSON")


async def to_branch(play: Stage) -> Note:
    await (await to_question(play)).press("JSON")
    return await play.see("🔀 [", button="Merge")


async def again(play: Stage) -> None:
    await asyncio.sleep(0.3)  # beyond the window between Telegram's answer and our commit
    await play.leadhand.kill()
    await play.leadhand.start()


async def finish_from_branch(play: Stage, branch: Note) -> None:
    await branch.press("Merge")
    await play.see("Merged leadhand/")
    counts = {mark: play.sent(mark) for mark in ("📋 [", "👍 [", "❓ [", "✅ [", "🔀 [")}
    assert counts == {"📋 [": 1, "👍 [": 1, "❓ [": 1, "✅ [": 2, "🔀 [": 1}
    assert len(git(play.repo, "log", "--format=%H", "--grep=JSON", "main").splitlines()) >= 1


async def test_the_plan_waits_through_a_kill(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        plan = await to_plan(play)
        await again(play)
        await plan.press("Approve")
        question = await play.see("❓", button="JSON")
        await question.press("JSON")
        await finish_from_branch(play, await play.see("🔀 [", button="Merge"))


async def test_the_question_waits_through_a_kill(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        question = await to_question(play)
        await again(play)
        await question.press("JSON")
        await finish_from_branch(play, await play.see("🔀 [", button="Merge"))


async def test_the_agent_finishes_while_nobody_runs(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        question = await to_question(play)
        await question.press("JSON")
        await play.leadhand.kill()
        keeper = await play.leadhand.keeper()
        [run] = await keeper.list()
        async with asyncio.timeout(20):
            while b'"type":"result"' not in Path(run.out_log).read_bytes().replace(b": ", b":"):
                await asyncio.sleep(0.05)
        await keeper.close()
        assert play.sent("✅ [") == 0
        await play.leadhand.start()
        await finish_from_branch(play, await play.see("🔀 [", button="Merge"))


async def test_a_card_sent_in_the_doubtful_window_comes_twice_and_either_works(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        first = await to_plan(play)
        await play.leadhand.kill()  # at once: the row may still be `sending`
        await play.leadhand.start()
        await first.press("Approve")
        await play.see("❓", button="JSON")
        assert play.sent("👍 [") == 1
        assert play.sent("📋 [") in {1, 2}


async def test_the_branch_waits_through_a_kill(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        branch = await to_branch(play)
        await again(play)
        await finish_from_branch(play, branch)


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.03, 0.06, 0.1])
async def test_a_kill_during_the_merge_merges_once(tmp_path: Path, delay: float) -> None:
    async with stage(tmp_path) as play:
        branch = await to_branch(play)
        await asyncio.sleep(0.3)
        pressing = asyncio.create_task(branch.press("Merge"))
        await asyncio.sleep(delay)
        await play.leadhand.kill()
        await play.leadhand.start()
        await asyncio.gather(pressing, return_exceptions=True)
        await play.see("Merged leadhand/")
        assert play.sent("✅ [") == 2
        merges = git(play.repo, "log", "--merges", "--format=%H", "main").splitlines()
        assert len(merges) == 1


@pytest.mark.parametrize("victims", [("pump",), ("vault",), ("pump", "vault"), ("vault", "pump")])
async def test_the_agent_goes_on_when_the_keeper_is_killed(tmp_path: Path, victims: tuple[str, ...]) -> None:
    async with stage(tmp_path) as play:
        question = await to_question(play)
        for victim in victims:
            keeper = await play.leadhand.keeper()
            status = await keeper.status()
            await keeper.close()
            os.kill(status.pump_pid if victim == "pump" else status.vault_pid, signal.SIGKILL)
            await asyncio.sleep(0.3)
        await question.press("JSON")
        await finish_from_branch(play, await play.see("🔀 [", button="Merge"))
