"""Writes rich text piece by piece: keeps track of offsets, open styles, blank lines and list indents,
so that entities never cross and no style lies on code.
"""

from dataclasses import dataclass

from bot.text.rich import Entity, Kind, Rich, ordered, splice, units
from bot.text.safe import MARK, imitations


@dataclass(slots=True)
class _Open:
    kind: Kind
    start: int | None = None  # not known before the first text


class Writer:
    """Collects pieces of text and the styles they are under."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.indent = ""
        self.prefix = ""
        self._entities: list[Entity] = []
        self._open: list[_Open] = []  # one of a kind, so it stays short however deep the markup is
        self._stack: list[_Open | None] = []  # None: shown by an outer style of the same kind
        self._at = 0
        self._gap = 0

    def rich(self) -> Rich:
        """What was written, its lines unable to pass for the bot's own."""
        whole = Rich("".join(self.pieces), ordered(self._entities))
        found = imitations(whole.text)
        return _marked(whole, found) if found else whole

    def block(self, lines: int) -> None:
        """Ask for line ends before the next piece."""
        self._gap = max(self._gap, lines)

    def write(self, text: str) -> None:
        """Add text under the open styles."""
        if text:
            self.settle()
            self._add(text)

    def settle(self) -> None:
        """Write what is due before text: line ends, the list marker; then the open styles begin here."""
        self._break()
        if self.prefix:
            prefix, self.prefix = self.prefix, ""
            self._begin("blockquote")
            self._add(prefix)
        for style in self._open:
            if style.start is None:
                style.start = self._at

    def open(self, kind: Kind) -> None:
        """Begin a style with the next piece; one inside the same style adds nothing."""
        style = None if self.is_open(kind) else _Open(kind)
        self._stack.append(style)
        if style:
            self._open.append(style)

    def close(self, url: str | None = None) -> None:
        """End the style opened last; a link without an address leaves only its text."""
        style = self._stack.pop()
        if style:
            self._open.remove(style)
            self._end(style, url)

    def is_open(self, kind: Kind) -> bool:
        """Tell whether text written now would have this style."""
        return any(style.kind == kind for style in self._open)

    def solid(self, text: str, kind: Kind, language: str | None = None) -> None:
        """Write code; the other styles pause meanwhile, as Telegram allows none of them on it."""
        if self.is_open("text_link"):
            self.write(text)
            return
        self.settle()
        for style in self._open:
            if style.kind != "blockquote":
                self._end(style)
                style.start = None  # goes on with the next text
        start = self._at
        self._add(text)
        if self._at > start:
            self._entities.append(Entity(kind, start, self._at - start, language=language))

    def paste(self, rich: Rich) -> None:
        """Write text that has its own entities."""
        self.settle()
        at = self._at
        self._add(rich.text)
        for e in rich.entities:
            self._entities.append(Entity(e.type, e.offset + at, e.length, url=e.url, language=e.language))

    def begin_item(self, indent: str, marker: str) -> None:
        """Start a list item; its marker waits for its text, so that a task box can take its place."""
        self.indent, outer = indent, self.indent
        self._break()
        self.indent = outer
        self.prefix += marker

    def _break(self) -> None:
        if self._gap and self.pieces:
            self._add("\n" * self._gap + self.indent)
        self._gap = 0

    def _add(self, text: str) -> None:
        self.pieces.append(text)
        self._at += units(text)

    def _begin(self, kind: Kind) -> None:
        for style in self._open:
            if style.kind == kind and style.start is None:
                style.start = self._at

    def _end(self, style: _Open, url: str | None = None) -> None:
        shown = url is not None or style.kind != "text_link"
        if shown and style.start is not None and self._at > style.start:
            self._entities.append(Entity(style.kind, style.start, self._at - style.start, url=url))


def _marked(whole: Rich, found: list[int]) -> Rich:
    """Put the mark before lines that stand outside quotes and code."""
    safe = [(e.offset, e.end) for e in whole.entities if e.type in ("blockquote", "pre")]
    at, index, first, edits = 0, 0, 0, []
    for position in found:
        at, index = at + units(whole.text[index:position]), position
        while first < len(safe) and safe[first][1] <= at:
            first += 1
        if first == len(safe) or at < safe[first][0]:
            edits.append((position, position, MARK))
    return splice(whole, edits)
