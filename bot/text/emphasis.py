"""Decides which stars and underscores were meant as emphasis. Code-like text written without backticks
(`2*3*4`, `src/**/*.py`, `__init__`) stays as it was typed, and emphasis next to Chinese punctuation works.
"""

import re

_STRONG = 2

_WORD = re.compile(rb"\w+")
_CJK = "\u3000-\u303f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef“”‘’…—"
_STARS = re.compile(r"(?<!\*)\*\*(?![\s*])([^*\n]+?)(?<!\s)\*\*(?!\*)")
_NEAR_CJK = re.compile(f"[{_CJK}]")


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


def cjk_bold(text: str) -> list[tuple[int, int]]:
    """Find `**…**` that CommonMark leaves alone because a Chinese mark touches the stars."""
    found = []
    for match in _STARS.finditer(text):
        start, end = match.span()
        edges = text[max(start - 1, 0) : start] + match[1][0] + match[1][-1] + text[end : end + 1]
        if _NEAR_CJK.search(edges):
            found.append((start, end))
    return found


def _is_ascii_word(char: bytes) -> bool:
    return char.isalnum() or char == b"_"
