"""Shows a table on a narrow screen: fixed-width when it fits a phone, otherwise one small card a row."""

import unicodedata
from collections.abc import Sequence
from itertools import zip_longest

from bot.text.rich import Rich, bold, join, pre

COLUMNS = 42
GAP = "  "
NOTHING = Rich("–")

Row = Sequence[Rich]


def table(head: Row, rows: Sequence[Row], aligns: Sequence[str]) -> Rich:
    """Lay the cells out; cells with links are never put in fixed width, where links cannot be."""
    grid = [[cell.text for cell in row] for row in (head, *rows)]
    widths = [max(map(width, column)) for column in zip_longest(*grid, fillvalue="")]
    fits = sum(widths) + len(GAP) * (len(widths) - 1) <= COLUMNS
    linked = any(entity.url for row in (head, *rows) for cell in row for entity in cell.entities)
    if (fits and not linked) or not rows:
        return pre("\n".join(_lines(grid, widths, aligns)))
    return join((_card(head, row) for row in rows), "\n\n")


def width(text: str) -> int:
    """Count terminal columns."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def _lines(grid: list[list[str]], widths: list[int], aligns: Sequence[str]) -> list[str]:
    lines = []
    for row in grid:
        cells = (
            _padded(c, w, a) for c, w, a in zip_longest(row, widths, aligns[: len(widths)], fillvalue="")
        )
        lines.append(GAP.join(cells).rstrip())
    return [lines[0], GAP.join("─" * w for w in widths), *lines[1:]]


def _padded(cell: str, size: int | str, align: str) -> str:
    room = " " * (int(size or 0) - width(cell))
    return room + cell if align == "Right" else cell + room


def _card(head: Row, row: Row) -> Rich:
    pairs = zip_longest(head, row, fillvalue=Rich())
    lines = [
        join((title, value or NOTHING if title else value), ": ") for title, value in pairs if title or value
    ]
    return join((bold(lines[0]), *lines[1:])) if lines else Rich()
