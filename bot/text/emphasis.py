"""Decides which stars and underscores were meant as emphasis. Code-like text written without backticks
(`2*3*4`, `src/**/*.py`, `__init__`) stays as it was typed, and emphasis next to Chinese punctuation works.
"""

import re

_STRONG = 2

_WORD = re.compile(rb"\w+")
SEAM = "\u200b"  # cleaned text has none, so it can be put in and taken out again

_CJK = "\u3000-\u303f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef“”‘’…—"
_STARS = re.compile(rf"(?<!\*)(?:(?<=[{_CJK}])\*\*(?!\*)|\*\*(?=[{_CJK}]))")


def is_typed(source: bytes, start: int, end: int, width: int) -> bool:
    """Tell whether the delimiters around source[start:end] are part of the text rather than markup."""
    mark = source[start : start + 1]
    inner = source[start + width : end - width]
    before = source[max(start - 1, 0) : start]
    if mark == b"_":
        return width == _STRONG and _WORD.fullmatch(inner) is not None
    if mark == b"~":
        return width < _STRONG
    if _is_ascii_word(before) and _is_ascii_word(inner[:1]):
        return True
    slashed = inner.startswith(b"/"), inner.endswith(b"/")
    if all(slashed) or (any(slashed) and (before == b"/" or b"*" in inner)):
        return True
    return inner[:1] in b",;:)]}" or inner[-1:] in b"([{" or (width < _STRONG and inner[:1] == b".")


def seamed(text: str) -> str:
    """Part `**` from the marks beside it: CommonMark does not take `”**后` for the end of bold text."""
    return _STARS.sub(_parted, text) if "**" in text and not text.isascii() else text


def _parted(match: re.Match[str]) -> str:
    start, end = match.span()
    before, after = match.string[max(start - 1, 0) : start], match.string[end : end + 1]
    left = SEAM if before and not before.isspace() else ""
    right = SEAM if after and not after.isspace() else ""
    return f"{left}**{right}"


def _is_ascii_word(char: bytes) -> bool:
    return char.isalnum() or char == b"_"
