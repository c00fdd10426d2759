"""A request object for python-telegram-bot that calls the sandbox directly: no sockets, same answers."""

import asyncio
import json
from typing import TYPE_CHECKING
from urllib.parse import unquote

from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.sandbox.errors import DroppedError
from bot.sandbox.params import Params, Upload

if TYPE_CHECKING:
    from telegram._utils.types import ODVInput

    from bot.sandbox.stage import Sandbox

READ_TIMEOUT = 5.0
DROPPED = {
    False: "httpx.ConnectError: All connection attempts failed",
    True: "httpx.RemoteProtocolError: Server disconnected without sending a response.",
}


class SandboxRequest(BaseRequest):
    """Give it to `ApplicationBuilder.request` and `.get_updates_request`."""

    __slots__ = ("_sandbox",)

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    @property
    def read_timeout(self) -> float | None:
        """How long an answer may take by default."""
        return READ_TIMEOUT

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: "ODVInput[float]" = BaseRequest.DEFAULT_NONE,
        write_timeout: "ODVInput[float]" = BaseRequest.DEFAULT_NONE,
        connect_timeout: "ODVInput[float]" = BaseRequest.DEFAULT_NONE,
        pool_timeout: "ODVInput[float]" = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Answer from the world; time-outs and dropped connections look as they do over HTTP."""
        if "/file/bot" in url:
            return self._file(url)
        token, _, name = url.partition("/bot")[2].rpartition("/")
        seconds = read_timeout if isinstance(read_timeout, int | float | None) else READ_TIMEOUT
        try:
            async with asyncio.timeout(seconds):
                await asyncio.sleep(0)  # a call over a network lets others run, and so does this one
                answer = await self._sandbox.api.call(token, name, _params(request_data))
        except TimeoutError:
            raise TimedOut from None
        except DroppedError as drop:
            raise NetworkError(DROPPED[drop.after]) from drop
        return answer.code, (answer.raw or json.dumps(answer.body)).encode()

    def _file(self, url: str) -> tuple[int, bytes]:
        token, _, path = unquote(url).partition("/file/bot")[2].partition("/")
        file = self._sandbox.world.files.by_path.get(path)
        if token not in self._sandbox.world.tokens or file is None:
            return 404, b'{"ok":false,"error_code":404,"description":"Not Found"}'
        return 200, file.data


def _params(data: RequestData | None) -> Params:
    if data is None:
        return Params({})
    files = {}
    for name, (filename, content, mime) in (data.multipart_data or {}).items():
        raw = content if isinstance(content, bytes) else content.read()
        files[name] = Upload(filename, mime, raw)
    return Params(data.json_parameters, files)
