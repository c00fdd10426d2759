"""Reads Bot API parameters from an HTTP request, within the limits of 1 MiB for text and 20 MB for files."""

import json
from typing import Any

from aiohttp import web

from bot.sandbox.errors import ApiError, bad
from bot.sandbox.params import Params, Upload

MAX_TEXT = 1024 * 1024
MAX_BODY = 21 * 1024 * 1024
TOO_LARGE = 413


async def read_params(request: web.Request) -> Params:
    """The parameters of a call, from the query and from any kind of body."""
    values: dict[str, Any] = dict(request.query)
    files: dict[str, Upload] = {}
    kind = request.content_type
    if kind.startswith("multipart/"):
        fields = await request.post()
        for name, field in fields.items():
            if isinstance(field, web.FileField):
                files[name] = Upload(field.filename, field.content_type, field.file.read())
            else:
                values[name] = field
    elif request.can_read_body:
        body = await read_text(request)
        if kind == "application/json":
            values |= _object(body)
        else:
            from urllib.parse import parse_qsl

            values |= dict(parse_qsl(body, keep_blank_values=True))
    return Params(values, files)


async def read_text(request: web.Request) -> str:
    """A text body of at most 1 MiB."""
    body = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > MAX_TEXT:
            raise ApiError(TOO_LARGE, "Request Entity Too Large")
    return body.decode("utf-8", "replace")


def _object(body: str) -> dict[str, Any]:
    try:
        value = json.loads(body or "{}")
    except ValueError:
        raise bad("can't parse JSON object") from None
    if not isinstance(value, dict):
        raise bad("can't parse JSON object")
    return value
