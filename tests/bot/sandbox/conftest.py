"""A sandbox, and python-telegram-bot as its client."""

from collections.abc import AsyncIterator

import pytest
from telegram.ext import ExtBot

from bot.sandbox import Person, Room, Sandbox


@pytest.fixture(autouse=True)
def _timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # else reading `retry_after` warns


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[ExtBot[None]]:
    bot: ExtBot[None] = ExtBot(
        sandbox.token, request=sandbox.request(), get_updates_request=sandbox.request()
    )
    async with bot:
        yield bot


@pytest.fixture
def ann(sandbox: Sandbox) -> Person:
    return sandbox.user("Ann")


@pytest.fixture
def bob(sandbox: Sandbox) -> Person:
    return sandbox.user("Bob")


@pytest.fixture
def chat(ann: Person) -> Room:
    return ann.private()
