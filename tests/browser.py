"""Finds a Chromium for the tests marked `browser`, and says clearly when there is none."""

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGS = (
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def find_browser() -> str | None:
    """The path of a system browser, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def need_browser() -> str:
    """The path of a browser; without one the test is skipped, and fails in CI."""
    path = find_browser()
    if path:
        return path
    line = f"no browser: install one of {', '.join(NAMES)}"
    if os.environ.get("CI") == "true":
        pytest.fail(line)
    pytest.skip(line)
