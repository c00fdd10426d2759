"""Pieces several cards share: pages, facts about changes, quotes of what an agent said."""

from __future__ import annotations

from typing import Any

from bot.text.catalog import Words
from bot.text.markdown import render
from bot.text.pages import LIMIT, pages
from bot.text.rich import Part, Rich, join, quote

MOST_PAGES = 3
SUMMARY_CHARS = 1500
BEGINNING = 3000  # characters of a text that continues in a file
CENT = 0.01


def card(*lines: Part) -> tuple[Rich, ...]:
    """Put lines under each other and cut them into pages."""
    return tuple(pages(join(lines)))


def said(markdown: str, *, limit: int = SUMMARY_CHARS) -> Rich:
    """Quote what an agent wrote, rendered; in a quote it cannot pass for a line of ours."""
    text = markdown.strip()
    if len(text) > limit:
        text = text[:limit].rstrip() + " …"
    return quote(render(text)) if text else Rich()


def bounded(text: str, most: int = MOST_PAGES * LIMIT) -> str:
    """Cut what would fill more messages than anybody reads; the whole of it goes into a file beside."""
    return text if len(text) <= most else text[:BEGINNING].rstrip() + " …"


def change_facts(words: Words, changes: dict[str, Any]) -> list[str]:
    """Name files and lines changed."""
    if not changes or not changes.get("files"):
        return []
    return [
        words.fact_files(count=changes["files"]),
        words.fact_lines(added=changes["added"], deleted=changes["deleted"]),
    ]


def cost_fact(words: Words, cost: float | None) -> list[str]:
    """Name the cost where it is known and not nothing."""
    return [words.fact_cost(amount=f"{cost:.2f}")] if cost and cost >= CENT / 2 else []


def file_lines(paths: list[str], most: int = 20) -> str:
    """List paths, one a line."""
    return "\n".join(f"· {path}" for path in paths[:most])
