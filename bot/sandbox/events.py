"""Server-sent events for the chat page: numbered, resumable by Last-Event-ID, silent when nothing happens."""

import asyncio
import json

from aiohttp import web

from bot.sandbox.feed import Change
from bot.sandbox.guard import HEADERS
from bot.sandbox.view import event
from bot.sandbox.world import World

BEAT = 20.0
AGAIN = b"event: reload\ndata: {}\n\n"


async def stream(world: World, request: web.Request) -> web.StreamResponse:
    """Send changes until the page goes away; a page that missed too much is told to reload its state."""
    answer = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
    await answer.prepare(request)
    asked = request.headers.get("Last-Event-ID") or request.query.get("last", "")
    missed = world.feed.since(int(asked)) if asked.isdigit() else []
    with world.feed.reader() as queue:
        try:
            await answer.write(b"retry: 1000\n\n" if missed is not None else AGAIN)
            for one in missed or []:
                await _send(world, answer, one)
            while True:
                try:
                    async with asyncio.timeout(BEAT):
                        change = await queue.get()
                except TimeoutError:
                    await answer.write(b": still here\n\n")
                    continue
                if change is None:
                    await answer.write(AGAIN)
                else:
                    await _send(world, answer, change)
        except (ConnectionResetError, asyncio.CancelledError):
            return answer


async def _send(world: World, answer: web.StreamResponse, change: Change) -> None:
    data = event(world, change)
    if data is not None:
        await answer.write(f"id: {change.id}\ndata: {json.dumps(data)}\n\n".encode())
