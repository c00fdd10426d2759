"""Other people's text is cleaned of what a reader cannot see."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.safe import CANONICAL, clean, defang, imitations, inline


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("a\u202eb\u2066c\u2069", "abc"),  # direction
        ("a\u200bb\u2060c\ufeffd\u00ade", "abcde"),  # zero width
        ("a\x00b\x1bc\x7fd\x9be", "abde"),  # controls; ESC c is a terminal escape
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb\rc\u2028d\u2029e", "a\nb\nc\nd\ne"),
        ("a\ud800b\udfffc", "abc"),  # half surrogates
        ("\x1b[1;31mred\x1b[0m \x1b]0;title\x07x\x1b(B", "red x"),
        ("a\U000e0041\U000e007fb", "ab"),  # tag characters
        ("\u3164\u115fa\uffa0", "a"),  # blank letters
        ("👨\u200d👩\u200d👧 ❤\ufe0f", "👨\u200d👩\u200d👧 ❤\ufe0f"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("pass\u200dword", "password"),
    ],
)
def test_unseen_characters_are_dropped(dirty: str, expected: str) -> None:
    assert clean(dirty) == expected


@settings(deadline=None)
@given(st.text())
def test_clean_text_can_be_sent_and_stays_clean(text: str) -> None:
    once = clean(text)
    once.encode("utf-16-le")
    json.dumps(once, ensure_ascii=False).encode()
    assert clean(once) == once
    assert "\u202e" not in once


@pytest.mark.parametrize("emoji", CANONICAL)
@pytest.mark.parametrize("tail", ["[name] x", " [name] x", "\ufe0f [name]", "  ［name］"])
def test_an_imitated_line_gets_a_mark(emoji: str, tail: str) -> None:
    assert defang(f"hello\n{emoji}{tail}") == f"hello\n› {emoji}{tail}"
    assert imitations(f" {emoji}{tail}") == [0]


@pytest.mark.parametrize("line", ["✅ done", "see ✅ [name]", "[name] ✅", "✓ [name]", "• ✅ [name]"])
def test_an_ordinary_line_stays_as_it_is(line: str) -> None:
    assert defang(line) == line


def test_inline_text_is_one_bounded_line() -> None:
    assert inline(" a\n\tb \u202ec ") == "a b c"
    assert inline("✅ [x] Completed") == "› ✅ [x] Completed"
    assert inline("x" * 300, 10) == "xxxxxxxxx…"


def test_cleaning_is_fast() -> None:
    for text in ("plain words " * 9000, "中文🚀\x1b[0m " * 9000, "\x1b" * 100_000, "\x1b]" * 50_000):
        start = time.perf_counter()
        clean(text)
        defang(text)
        assert time.perf_counter() - start < 0.5
