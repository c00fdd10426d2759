"""The sandbox over HTTP on 127.0.0.1: the Bot API (guarded by the token) and the chat page (by a key)."""

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from bot.sandbox.api import Answer
from bot.sandbox.bodies import MAX_BODY, read_params
from bot.sandbox.errors import NOT_FOUND, ApiError, DroppedError
from bot.sandbox.guard import Guard, Handler, secure_headers
from bot.sandbox.routes import Routes

if TYPE_CHECKING:
    from bot.sandbox.stage import Sandbox

HOST = "127.0.0.1"
PAGE = Path(__file__).parent / "page"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Server:
    """Listens for one sandbox."""

    def __init__(self, sandbox: "Sandbox", *, key: str = "") -> None:
        self.sandbox = sandbox
        self.guard = Guard(key)
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """The port in use."""
        return self.guard.port

    @property
    def url(self) -> str:
        """The Bot API's base."""
        return f"http://{HOST}:{self.port}"

    @property
    def page_url(self) -> str:
        """The chat page with its key."""
        return f"{self.url}/?key={self.guard.key}"

    async def start(self, port: int) -> None:
        """Bind; port 0 picks a free one."""
        app = web.Application(client_max_size=MAX_BODY, middlewares=[secure_headers, self._keyed])
        app.router.add_get("/", self._page)
        app.router.add_get("/page/{name}", self._page)
        app.router.add_routes(Routes(self.sandbox).table())
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, port)
        await site.start()
        self.guard.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop listening."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _keyed(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Everything but the Bot API asks for the key."""
        if request.path.startswith(("/bot", "/file/bot")):
            return await handler(request)
        if request.path == "/" and "key" in request.query:
            self.guard.enter(request)
            answer = await handler(request)
            self.guard.admit(answer)
            return answer
        self.guard.check(request)
        return await handler(request)

    @staticmethod
    async def _page(request: web.Request) -> web.StreamResponse:
        """The page's files, by their exact names."""
        name = request.match_info.get("name", "index.html")
        known = {path.name: path for path in PAGE.iterdir()}
        if name not in known:
            raise web.HTTPNotFound
        body = await asyncio.to_thread(known[name].read_bytes)
        return web.Response(body=body, content_type=KINDS[known[name].suffix], charset="utf-8")

    async def _call(self, request: web.Request) -> web.StreamResponse:
        """One Bot API call."""
        info = request.match_info
        try:
            params = await read_params(request)
            answer = await self.sandbox.api.call(info["token"], info["method"], params)
        except ApiError as error:
            answer = Answer(error.code, error.body())
        except DroppedError:
            with contextlib.suppress(AttributeError):
                request.transport.abort()  # type: ignore[union-attr]
            return web.Response()
        if answer.raw:
            return web.Response(text=answer.raw, status=answer.code, content_type="text/html")
        return web.json_response(answer.body, status=answer.code)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """The bytes behind getFile."""
        file = self.sandbox.world.files.by_path.get(request.match_info["path"])
        if request.match_info["token"] not in self.sandbox.world.tokens or file is None:
            error = ApiError(NOT_FOUND, "Not Found")
            return web.json_response(error.body(), status=error.code)
        headers = {"Content-Disposition": "attachment"}
        return web.Response(body=file.data, content_type="application/octet-stream", headers=headers)
