"""Session names are slugs, and unique."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.control.names import SLUG, free_name, slug_of, split_name


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("Please add a --json flag to the report", "add-json-flag-report"),
        ("Fix the bug", "fix-bug"),
        ("修复登录", "task"),
        ("Überprüfe naïve Größen", "uberprufe-naive-groen"),
        ("!!!", "task"),
        ("x" * 500, "x" * 32),
    ],
)
def test_a_task_becomes_a_short_slug(task: str, name: str) -> None:
    assert slug_of(task) == name


@given(st.text())
def test_any_task_becomes_a_valid_slug(task: str) -> None:
    assert SLUG.fullmatch(slug_of(task))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fix-auth: make it work", ("fix-auth", "make it work")),
        ("Fix: make it work", (None, "Fix: make it work")),
        ("http://x.y is down", (None, "http://x.y is down")),
        ("a:b", (None, "a:b")),
        ("name: ", (None, "name:")),
        ("fix-auth:\nline", ("fix-auth", "line")),
    ],
)
def test_a_name_stands_before_a_colon(text: str, expected: tuple[str | None, str]) -> None:
    assert split_name(text) == expected


@given(st.from_regex(SLUG, fullmatch=True), st.integers(0, 12))
def test_a_taken_name_gets_a_suffix_and_stays_a_slug(name: str, taken_before: int) -> None:
    taken: set[str] = set()
    for _ in range(taken_before):
        taken.add(free_name(name, frozenset(taken)))
    fresh = free_name(name, frozenset(taken))
    assert fresh not in taken
    assert len(taken) == taken_before
    assert SLUG.fullmatch(fresh)
