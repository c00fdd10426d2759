"""`leadhand demo` as a visitor sees it: one URL, a real browser, from a task to a commit on main.

With LEADHAND_SCREENSHOTS=<folder> every step is kept as a picture.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.browser import ARGS, need_browser
from tests.rig import ROOT, git

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE_MS = 30_000


@asynccontextmanager
async def demo() -> AsyncIterator[tuple[str, Path]]:
    """Run the demo; yields its URL and its repository, and sees that nothing of it stays."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LEADHAND")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "demo",
        env={**kept, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            url = (await process.stdout.readline()).decode().split()[-1]
            told = (await process.stdout.readline()).decode()
        found = re.search(r"repository is (\S+);", told)
        assert found is not None, told
        repository = Path(found[1])
        yield url, repository
    finally:
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), 15)
    assert process.returncode == 0
    assert not repository.exists()


@asynccontextmanager
async def visitor(url: str, *, width: int = 1180) -> AsyncIterator[Page]:
    """Open the page in a fresh profile; an error in the page fails the test."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=need_browser(), args=list(ARGS))
        page = await browser.new_page(viewport={"width": width, "height": 860})
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(url)
        yield page
        await browser.close()
        assert errors == []


class Steps:
    """Takes a picture of each step where a folder was named."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._folder = os.environ.get("LEADHAND_SCREENSHOTS")
        self._number = 0

    async def shot(self, name: str) -> None:
        self._number += 1
        if self._folder:
            await self._page.wait_for_timeout(600)
            await self._page.screenshot(path=Path(self._folder) / f"{self._number}-{name}.png")

    async def write(self, text: str) -> None:
        await self._page.get_by_role("textbox").last.fill(text)
        await self._page.keyboard.press("Enter")

    async def press(self, label: str, *, under: str) -> None:
        bubble = self._page.locator(".message", has_text=under).last
        await bubble.get_by_role("button", name=label, exact=True).click()


async def test_a_visitor_leads_a_task_from_the_first_word_to_a_commit() -> None:
    need_browser()
    async with demo() as (url, repository), visitor(url) as page:
        steps, chat = Steps(page), page.get_by_role("log")
        before = git(repository, "rev-parse", "main")
        await page.locator(".chat-row").first.click()
        await steps.write("Add a JSON output format")
        await expect(chat.get_by_text("Plan v1")).to_be_visible()
        await steps.shot("plan")
        await steps.press("Revise", under="Plan v1")
        await expect(chat.get_by_text("What should change?").last).to_be_visible()
        await steps.shot("revise")
        await steps.write("Also describe the new format in the README")
        await expect(chat.get_by_text("Plan v2").last).to_be_visible()
        await steps.shot("plan-v2")
        await steps.press("Approve", under="Plan v2")
        await expect(chat.get_by_text("Which output format").last).to_be_visible()
        await steps.shot("question")
        await steps.press("JSON", under="Which output format")
        await expect(chat.get_by_text("✅ [").last).to_be_visible()
        await expect(chat.get_by_role("button", name="Merge", exact=True)).to_be_visible()
        await steps.shot("branch")
        await steps.press("Merge", under="🔀 [")
        await expect(chat.get_by_text("Merged leadhand/")).to_be_visible()
        await steps.shot("merged")
        assert git(repository, "rev-parse", "main") != before
        assert "json" in git(repository, "show", "main:tally/formats.py").lower()
