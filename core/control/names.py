"""Session names: slugs from what a person typed, unique among all sessions."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 32
SLUG = re.compile(r"[a-z0-9-]{1,32}")
_WORDS = 4
_SKIPPED = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "can",
        "could",
        "for",
        "from",
        "in",
        "into",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "please",
        "so",
        "that",
        "the",
        "then",
        "this",
        "to",
        "we",
        "with",
        "you",
    ]
)


def split_name(text: str) -> tuple[str | None, str]:
    """Split `name: task`; the name must be a slug, else everything is the task."""
    head, colon, rest = text.partition(":")
    if colon and SLUG.fullmatch(head) and rest[:1].isspace() and rest.strip():
        return head, rest.strip()
    return None, text.strip()


def slug_of(task: str) -> str:
    """Make a short slug from a task; a task without Latin words becomes `task`."""
    plain = unicodedata.normalize("NFKD", task).encode("ascii", "ignore").decode().lower()
    words = [w for w in re.findall(r"[a-z0-9]+", plain[:400]) if w not in _SKIPPED][:_WORDS]
    return "-".join(words)[:LONGEST].strip("-") or "task"


def free_name(wanted: str, taken: frozenset[str]) -> str:
    """Return `wanted`, or it with the first free suffix -2, -3, …"""
    if wanted not in taken:
        return wanted
    number = 2
    while (name := f"{wanted[: LONGEST - len(str(number)) - 1].rstrip('-')}-{number}") in taken:
        number += 1
    return name
