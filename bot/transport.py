"""How the bot reaches Telegram: built on a token and an API base, clear when it cannot, stopped in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import telegram
from telegram.error import InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.ext import Application, ApplicationBuilder, BaseUpdateProcessor, Defaults, ExtBot
from telegram.request import BaseRequest, HTTPXRequest

from bot.inbox import JournalQueue
from bot.lanes import LaneLimiter
from bot.watch import Watch, WatchedRequest
from core.errors import LeadhandError, TelegramUnreachable, TokenRefused
from core.states import Priority

log = logging.getLogger(__name__)

ALLOWED_UPDATES = ("message", "callback_query", "my_chat_member")
POLL_S = 30
CONNECTIONS = 64
START_S = 10.0
TRY_S = 4.0
PAUSES_S = (0.3, 0.7, 1.5, 2.5, 3.0, START_S)  # between tries at start; the last one never passes
STOP_S = 1.0  # for each step of stopping
NO_BOT_API = "what answers there is not a Bot API server"

App = Application[Any, Any, Any, Any, Any, Any]


class Receiver(Protocol):
    """Another way for updates to come in than polling."""

    async def start(self) -> None:
        """Begin to take updates."""
        ...

    async def stop(self) -> None:
        """Take no more."""
        ...


class TolerantBot(ExtBot[Priority]):
    """Polls also where a Bot API server knows no webhooks."""

    async def delete_webhook(self, *args: Any, **kwargs: Any) -> bool:
        """Remove a webhook before polling. A 404 after a good getMe means the server has no such method."""
        try:
            return await super().delete_webhook(*args, **kwargs)
        except InvalidToken:
            log.info("this Bot API server has no deleteWebhook")
            return True


@dataclass(frozen=True, slots=True)
class Transport:
    """The application, and what keeps an eye on its connection."""

    app: App
    api: str
    queue: JournalQueue
    watch: Watch

    async def connect(self) -> telegram.User:
        """Ask Telegram who this bot is. Raises `TokenRefused` or `TelegramUnreachable`."""
        until = asyncio.get_running_loop().time() + START_S
        for pause in PAUSES_S:
            try:
                async with asyncio.timeout(min(TRY_S, until - asyncio.get_running_loop().time())):
                    await self.app.initialize()
                break
            except InvalidToken as error:
                raise _refused(error, self.api) from None
            except (NetworkError, RetryAfter, TimeoutError) as error:
                if asyncio.get_running_loop().time() + pause >= until:
                    raise TelegramUnreachable(api=self.api, reason=_reason(error)) from None
                log.warning("Telegram does not answer at %s: %s", self.api, _reason(error))
                await asyncio.sleep(pause)
            except (TelegramError, TypeError, KeyError, ValueError) as error:
                raise TelegramUnreachable(api=self.api, reason=_reason(error)) from None
        me: telegram.User = self.app.bot.bot
        return me

    async def receive(self, receiver: Receiver | None = None) -> None:
        """Handle what was left over, then what comes: by polling, or by another receiver."""
        await self.app.start()
        if replayed := await self.queue.replay(self.app.bot):
            log.warning("%d updates were stored and not handled: they are handled now", replayed)
        if receiver is not None:
            await receiver.start()
            return
        if self.app.updater is None:
            raise AssertionError("built without an updater")
        try:
            await self.app.updater.start_polling(
                timeout=POLL_S,
                allowed_updates=ALLOWED_UPDATES,
                bootstrap_retries=len(PAUSES_S),
                error_callback=_quietly,
            )
        except TelegramError as error:
            raise TelegramUnreachable(api=self.api, reason=_reason(error)) from None

    async def broken(self) -> LeadhandError:
        """Wait until receiving cannot go on, and return why."""
        return await self.watch.broken()

    async def stop(self, receiver: Receiver | None = None) -> None:
        """Stop within five seconds, whatever hangs: what was not handled is stored and comes again."""
        if receiver is not None:
            await _briefly(receiver.stop)
        if self.app.updater is not None and self.app.updater.running:
            await _briefly(self.app.updater.stop)
        if self.app.running:
            await _briefly(self.app.stop)
        await _briefly(self.app.shutdown)
        await _briefly(self.app.bot.shutdown)  # when the start did not get as far as an application


def build(
    token: str,
    api_base: str,
    *,
    limiter: LaneLimiter,
    queue: JournalQueue,
    processor: BaseUpdateProcessor,
    request: BaseRequest | None = None,
    poll_request: BaseRequest | None = None,
    watch: Watch | None = None,
) -> Transport:
    """Build the application. Nothing is sent yet."""
    _quiet()
    api = api_base.rstrip("/")
    watch = watch or Watch()
    polls = poll_request or HTTPXRequest(
        2, read_timeout=10, write_timeout=10, connect_timeout=5, pool_timeout=5
    )
    calls = request or HTTPXRequest(
        CONNECTIONS, read_timeout=20, write_timeout=20, connect_timeout=5, pool_timeout=10
    )
    bot = _bot(token, api, calls, WatchedRequest(polls, watch), limiter)
    app = (
        ApplicationBuilder()
        .bot(bot)
        .update_queue(queue)
        .concurrent_updates(processor)
        .job_queue(None)
        .build()
    )
    return Transport(app, api, queue, watch)


def _quiet() -> None:
    """Let the libraries log nothing that holds the token or that is told in our own words."""
    for name in ("httpx", "httpcore"):  # they log addresses, and the token is part of every address
        logging.getLogger(name).setLevel(logging.WARNING)
    # It logs each body that is not JSON with a traceback; what it raises is told by who catches it.
    logging.getLogger("telegram.request.BaseRequest").setLevel(logging.CRITICAL)


def _bot(token: str, api: str, calls: BaseRequest, polls: BaseRequest, limiter: LaneLimiter) -> TolerantBot:
    return TolerantBot(
        token,
        f"{api}/bot",
        f"{api}/file/bot",
        request=calls,
        get_updates_request=polls,
        rate_limiter=limiter,
        defaults=Defaults(link_preview_options=telegram.LinkPreviewOptions(is_disabled=True)),
    )


def _refused(error: InvalidToken, api: str) -> LeadhandError:
    """A 404 without Telegram's JSON comes from something that is no Bot API server."""
    cause: BaseException | None = error
    while cause is not None:
        if "invalid server response" in str(cause).lower():
            return TelegramUnreachable(api=api, reason=NO_BOT_API)
        cause = cause.__cause__
    return TokenRefused()


def _reason(error: BaseException) -> str:
    """One line without the token; the library's texts do not hold addresses."""
    text = str(error).strip() or "no answer in time"
    if "invalid server response" in text.lower():
        return NO_BOT_API
    return text.splitlines()[0].removeprefix("httpx.").partition(". Parsing the server response")[0]


def _quietly(error: TelegramError) -> None:
    log.warning("polling: %s", _reason(error))


async def _briefly(step: Callable[[], Awaitable[object]]) -> None:
    """Give a step of stopping its time; it is no reason to hang when it fails."""
    with suppress(TimeoutError, RuntimeError, TelegramError):
        async with asyncio.timeout(STOP_S):
            await step()
