"""No call passes the flood limits, whoever makes it; decisions always find room."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from telegram.error import RetryAfter
from telegram.ext import ExtBot

from bot.lanes import LANES_BEFORE_PRUNING, LaneLimiter
from core.states import Priority
from tests.fakes.bot_api import TOKEN, BotApi, DirectRequest
from tests.fakes.virtual_time import virtual

GROUP = -100


def now() -> float:
    return asyncio.get_running_loop().time()


async def started(api: BotApi, limiter: LaneLimiter | None = None) -> ExtBot[Any]:
    direct = DirectRequest(api)
    bot: ExtBot[Any] = ExtBot(
        TOKEN, request=direct, get_updates_request=direct, rate_limiter=limiter or LaneLimiter()
    )
    await bot.initialize()
    return bot


@virtual
async def test_direct_calls_cannot_pass_the_limits_of_a_private_chat() -> None:
    api = BotApi(limits=True)
    bot = await started(api)
    await asyncio.gather(*(bot.send_message(1, f"{n}") for n in range(20)))
    assert api.floods == 0
    assert len(api.chat(1)) == 20


@virtual
async def test_direct_calls_cannot_pass_the_limits_of_a_group() -> None:
    api = BotApi(limits=True)
    bot = await started(api)
    start = now()
    await asyncio.gather(*(bot.send_message(GROUP, f"{n}") for n in range(50)))
    assert api.floods == 0
    assert now() - start < 160


@virtual
async def test_a_chat_may_begin_with_a_burst() -> None:
    api = BotApi(limits=True)
    bot = await started(api)
    start = now()
    await asyncio.gather(
        *(bot.send_message(1, f"{n}") for n in range(3)), *(bot.send_message(GROUP, f"{n}") for n in range(6))
    )
    assert now() == start


@virtual
async def test_all_chats_together_keep_the_limit_of_the_bot() -> None:
    api = BotApi(limits=True)
    bot = await started(api)
    start = now()
    await asyncio.gather(*(bot.send_message(chat, "x") for chat in range(1, 301)))
    assert api.floods == 0
    assert 9 <= now() - start <= 12


@virtual
async def test_what_is_unlimited_passes_at_once() -> None:
    api = BotApi()
    bot = await started(api)
    for n in range(20):
        await bot.send_message(1, f"{n}")
    start = now()
    for _ in range(50):
        await bot.answer_callback_query("1")
        await bot.get_me()
        await bot.send_chat_action(1, "typing")
    assert now() == start


@virtual
async def test_cards_may_not_use_what_is_kept_for_decisions() -> None:
    api = BotApi(limits=True)
    limiter = LaneLimiter()
    bot = await started(api, limiter)
    for _ in range(3):  # cards take what they may have, for three minutes
        for n in range(25):
            await bot.send_message(GROUP, f"{n}", rate_limit_args=Priority.CARD)
        while limiter.delay(GROUP, Priority.CARD) == 0:
            await bot.send_message(GROUP, "more", rate_limit_args=Priority.CARD)
        assert limiter.delay(GROUP, Priority.ESSENTIAL) == 0
        start = now()
        await bot.send_message(GROUP, "plan", rate_limit_args=Priority.ESSENTIAL)
        assert now() == start
    assert api.floods == 0


@virtual
async def test_a_429_stops_its_own_lane_only_and_makes_it_slower_for_a_while() -> None:
    api = BotApi()
    limiter = LaneLimiter()
    bot = await started(api, limiter)
    api.fault("sendMessage", 429, "Too Many Requests", parameters={"retry_after": 5})
    start = now()
    await bot.send_message(GROUP, "direct")
    assert 5 <= now() - start <= 6
    assert limiter.delay(1) == 0
    times = []
    for n in range(40):
        await bot.send_message(GROUP, f"{n}")
        times.append(now())
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps[3] == pytest.approx(6)  # half of one in three seconds
    assert gaps[-1] == pytest.approx(3)  # learned away again


@virtual
async def test_the_outbox_hears_of_a_429_at_once() -> None:
    api = BotApi()
    limiter = LaneLimiter()
    bot = await started(api, limiter)
    api.fault("sendMessage", 429, "Too Many Requests", parameters={"retry_after": 5})
    start = now()
    with pytest.raises(RetryAfter):
        await bot.send_message(GROUP, "plan", rate_limit_args=Priority.ESSENTIAL)
    assert now() == start
    assert limiter.delay(GROUP) > 5


@virtual
async def test_a_direct_call_gives_up_on_a_long_silence() -> None:
    api = BotApi()
    bot = await started(api)
    api.fault("sendMessage", 429, "Too Many Requests", parameters={"retry_after": 3600})
    with pytest.raises(RetryAfter):
        await bot.send_message(GROUP, "direct")


@virtual
async def test_idle_lanes_are_forgotten() -> None:
    limiter = LaneLimiter()
    bot = await started(BotApi(), limiter)
    for chat in range(1, 500):
        await bot.send_message(chat, "x")
        await asyncio.sleep(5)
    assert limiter.lanes <= LANES_BEFORE_PRUNING
