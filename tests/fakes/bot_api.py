"""A small Bot API in memory: what delivery uses of it, with faults on demand and strict limits."""

from __future__ import annotations

import asyncio
import json
import math
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from telegram.request import BaseRequest, RequestData

TOKEN = "123456:" + "A" * 35
COUNTED = ("send", "edit", "copy", "forward", "create")


@dataclass
class Shown:
    """A message as a chat shows it."""

    id: int
    chat: int
    text: str
    thread: int | None = None
    entities: list[Any] = field(default_factory=list)
    markup: Any = None
    document: str | None = None
    silent: bool = False

    @property
    def buttons(self) -> list[str]:
        rows = (self.markup or {}).get("inline_keyboard", [])
        return [button["text"] for row in rows for button in row]


@dataclass
class Call:
    at: float
    method: str
    params: dict[str, Any]


@dataclass
class Fault:
    """What happens instead of (or, with `after`, in spite of) a call."""

    method: str
    status: int = 400
    description: str = ""
    times: int = 1
    parameters: dict[str, Any] | None = None
    raises: Callable[[], Exception] | None = None
    hang: bool = False
    after: bool = False
    when: Callable[[dict[str, Any]], bool] | None = None
    raw: bytes | None = None


class Refused(Exception):
    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


class BotApi:
    def __init__(self, *, limits: bool = False, latency: float = 0.0) -> None:
        self.calls: list[Call] = []
        self.messages: dict[tuple[int, int], Shown] = {}
        self.topics: dict[int, dict[int, str]] = {}
        self.faults: list[Fault] = []
        self.updates: list[dict[str, Any]] = []
        self.webhook: dict[str, Any] = {}
        self.confirmed = 0
        self.limits = limits
        self.latency = latency
        self.floods = 0
        self.largest_wait = 25.0
        self._id = 100
        self._windows: dict[int, deque[float]] = {}
        self._level: dict[int, tuple[float, float]] = {}
        self._news = asyncio.Event()

    # ---- what tests use -----------------------------------------------------------------------

    def chat(self, chat: int) -> list[Shown]:
        return [m for (c, _), m in sorted(self.messages.items()) if c == chat]

    def texts(self, chat: int) -> list[str]:
        return [m.text for m in self.chat(chat)]

    def made(self, *methods: str) -> list[Call]:
        return [c for c in self.calls if c.method in methods]

    def fault(self, method: str, status: int = 400, description: str = "", **more: Any) -> Fault:
        fault = Fault(method, status, description, **more)
        self.faults.append(fault)
        return fault

    def push(self, update: dict[str, Any]) -> None:
        self.updates.append(update)
        self._news.set()

    # ---- the server ---------------------------------------------------------------------------

    async def call(self, method: str, params: dict[str, Any]) -> tuple[int, bytes]:
        self.calls.append(Call(asyncio.get_running_loop().time(), method, params))
        if self.latency and method != "getUpdates":
            await asyncio.sleep(self.latency)
        fault = self._fault(method, params)
        if fault is not None and not fault.after:
            return await self._fail(fault)
        try:
            self._limit(method, int(params.get("chat_id") or 0))
            result = await getattr(self, f"m_{method.lower()}")(params)
        except Refused as no:
            return _json(no.status, ok=False, description=no.description, parameters=no.parameters)
        if fault is not None:
            return await self._fail(fault)
        return _json(200, ok=True, result=result)

    def _fault(self, method: str, params: dict[str, Any]) -> Fault | None:
        for fault in self.faults:
            if fault.method == method and fault.times > 0 and (fault.when is None or fault.when(params)):
                fault.times -= 1
                return fault
        return None

    async def _fail(self, fault: Fault) -> tuple[int, bytes]:
        if fault.hang:
            await asyncio.sleep(10_000)
        if fault.raises is not None:
            raise fault.raises()
        if fault.raw is not None:
            return fault.status, fault.raw
        return _json(fault.status, ok=False, description=fault.description, parameters=fault.parameters or {})

    def _limit(self, method: str, chat: int) -> None:
        if not self.limits or not method.startswith(COUNTED) or method == "sendChatAction":
            return
        now = asyncio.get_running_loop().time()
        waits = [self._window(0, 30, 1.0, now)]
        waits.append(self._bucket(chat, now) if chat > 0 else self._window(chat, 20, 60.0, now))
        if (wait := max(waits)) > 0:
            self.floods += 1
            raise Refused(429, "Too Many Requests: retry later", retry_after=math.ceil(wait))
        for key in (0,) if chat > 0 else (0, chat):
            self._windows[key].append(now)
        if chat > 0:
            self._level[chat] = (self._level[chat][0] - 1, now)

    def _window(self, key: int, most: int, seconds: float, now: float) -> float:
        window = self._windows.setdefault(key, deque())
        while window and window[0] <= now - seconds:
            window.popleft()
        return window[0] + seconds - now if len(window) >= most else 0.0

    def _bucket(self, chat: int, now: float) -> float:
        level, at = self._level.get(chat, (4.0, now))
        level = min(4.0, level + now - at)
        self._level[chat] = (level, now)
        return max(1 - level, 0.0) if level < 1 - 1e-6 else 0.0

    # ---- methods ------------------------------------------------------------------------------

    async def m_getme(self, params: dict[str, Any]) -> Any:
        return {"id": 123456, "is_bot": True, "first_name": "Lead", "username": "lead_bot"}

    async def m_sendmessage(self, params: dict[str, Any]) -> Any:
        if len(params["text"].encode("utf-16-le")) > 8192:
            raise Refused(400, "Bad Request: message is too long")
        return self._post(params, params["text"])

    async def m_senddocument(self, params: dict[str, Any]) -> Any:
        return self._post(params, "", document="file")

    async def m_editmessagetext(self, params: dict[str, Any]) -> Any:
        shown = self.messages.get((int(params["chat_id"]), int(params["message_id"])))
        if shown is None:
            raise Refused(400, "Bad Request: message to edit not found")
        markup = params.get("reply_markup")
        if (params["text"], markup) == (shown.text, shown.markup):
            raise Refused(400, "Bad Request: message is not modified: specified new message content")
        shown.text, shown.markup, shown.entities = params["text"], markup, params.get("entities", [])
        return _message(shown)

    async def m_deletemessage(self, params: dict[str, Any]) -> Any:
        if self.messages.pop((int(params["chat_id"]), int(params["message_id"])), None) is None:
            raise Refused(400, "Bad Request: message to delete not found")
        return True

    async def m_createforumtopic(self, params: dict[str, Any]) -> Any:
        topics = self.topics.setdefault(int(params["chat_id"]), {})
        self._id += 1
        topics[self._id] = params["name"]
        return {"message_thread_id": self._id, "name": params["name"], "icon_color": 7322096}

    async def m_answercallbackquery(self, params: dict[str, Any]) -> Any:
        return True

    async def m_leavechat(self, params: dict[str, Any]) -> Any:
        return True

    async def m_sendchataction(self, params: dict[str, Any]) -> Any:
        return True

    async def m_deletewebhook(self, params: dict[str, Any]) -> Any:
        self.webhook = {}
        return True

    async def m_setwebhook(self, params: dict[str, Any]) -> Any:
        self.webhook = params
        return True

    async def m_getupdates(self, params: dict[str, Any]) -> Any:
        if self.webhook:
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = int(params.get("offset") or 0)
        self.confirmed = max(self.confirmed, offset)
        self.updates = [
            u for u in self.updates if not isinstance(u.get("update_id"), int) or u["update_id"] >= offset
        ]
        wait = min(float(params.get("timeout") or 0), self.largest_wait)
        if not self.updates and wait:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), wait)
            except TimeoutError:
                return []
        return self.updates[:100]

    def _post(self, params: dict[str, Any], text: str, document: str | None = None) -> Any:
        chat, thread = int(params["chat_id"]), params.get("message_thread_id")
        if thread is not None and int(thread) not in self.topics.get(chat, {}):
            raise Refused(400, "Bad Request: message thread not found")
        self._id += 1
        shown = Shown(
            self._id,
            chat,
            text,
            thread=int(thread) if thread is not None else None,
            entities=params.get("entities", []),
            markup=params.get("reply_markup"),
            document=document,
            silent=bool(params.get("disable_notification")),
        )
        self.messages[chat, shown.id] = shown
        return _message(shown)


def _message(shown: Shown) -> dict[str, Any]:
    kind = "private" if shown.chat > 0 else "supergroup"
    return {
        "message_id": shown.id,
        "date": 1_700_000_000,
        "chat": {"id": shown.chat, "type": kind, "first_name": "x", "title": "x"},
        "text": shown.text,
    }


def _json(status: int, **answer: Any) -> tuple[int, bytes]:
    if not answer.get("parameters", True):
        del answer["parameters"]
    return status, json.dumps({**answer, "error_code": status}).encode()


class DirectRequest(BaseRequest):
    """Calls the API in the same process, without a socket."""

    def __init__(self, api: BotApi) -> None:
        self.api = api

    @property
    def read_timeout(self) -> float:
        return 10.0

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *timeouts: Any, **named: Any
    ) -> tuple[int, bytes]:
        params = request_data.parameters if request_data else {}
        return await self.api.call(url.rsplit("/", 1)[1], dict(params))


@asynccontextmanager
async def served(api: BotApi, *, token: str = TOKEN) -> AsyncIterator[str]:
    """Serve the API over HTTP on the loopback address; yields its base."""

    async def handle(request: web.Request) -> web.Response:
        if request.match_info["token"] != token:
            status, body = _json(401, ok=False, description="Unauthorized")
        else:
            form = await request.post()
            params = {key: _value(value) for key, value in form.items()}
            status, body = await api.call(request.match_info["method"], params)
        return web.Response(status=status, body=body, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/bot{token}/{method}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _value(value: Any) -> Any:
    try:
        return json.loads(value)
    except (ValueError, TypeError):
        return value
