"""Pushes updates to a bot's webhook in order, and tries again with growing pauses until it answers 2xx."""

import asyncio
import json

import aiohttp

from bot.sandbox.account import Bot
from bot.sandbox.clock import Clock

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 60.0
ANSWER_TIME = 10.0
GOOD = range(200, 300)


class Pushers:
    """One pushing task a bot with a webhook."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self, bot: Bot) -> None:
        """Push to the bot's address from now on."""
        self.stop(bot)
        self._tasks[bot.id] = asyncio.get_running_loop().create_task(self._run(bot))

    def stop(self, bot: Bot) -> None:
        """End pushing."""
        if task := self._tasks.pop(bot.id, None):
            task.cancel()

    async def close(self) -> None:
        """End all pushing and wait for it."""
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, bot: Bot) -> None:
        pause = FIRST_PAUSE
        time = aiohttp.ClientTimeout(total=ANSWER_TIME)
        async with aiohttp.ClientSession(timeout=time) as session:
            while True:
                update = await bot.queue.first()
                error = await self._push(session, bot, json.dumps(update))
                if not error:
                    bot.queue.confirm(update["update_id"] + 1)
                    pause = FIRST_PAUSE
                    continue
                bot.webhook.error, bot.webhook.error_date = error, self._clock.stamp()
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    @staticmethod
    async def _push(session: aiohttp.ClientSession, bot: Bot, body: str) -> str:
        """Push once; gives the error in Telegram's words, or nothing."""
        headers = {"Content-Type": "application/json"}
        if bot.webhook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = bot.webhook.secret
        try:
            async with session.post(bot.webhook.url, data=body, headers=headers) as answer:
                if answer.status in GOOD:
                    return ""
                return f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except TimeoutError:
            return "Read timeout expired"
        except aiohttp.ClientError:
            return "Connection refused"
