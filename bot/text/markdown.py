"""Renders an agent's Markdown as text with entities. Nothing is fetched, no HTML is obeyed, no word is
dropped; what Telegram cannot show (tables, nested quotes, images) becomes text that says the same.
"""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlsplit

import pyromark
from pyromark import Options

from bot.text.emphasis import SEAM, is_typed, seamed
from bot.text.rich import Kind, Rich, plain
from bot.text.safe import clean
from bot.text.tables import table
from bot.text.writer import Writer

OPTIONS: Final = Options.ENABLE_TABLES | Options.ENABLE_STRIKETHROUGH | Options.ENABLE_TASKLISTS
MOST_COLUMNS: Final = 16  # a wider table is shown as it was written
DEEPEST: Final = 8  # a phone has no room for more indent
RULE: Final = "—" * 8

_STYLES: Final[dict[str, tuple[Kind, int]]] = {"Emphasis": ("italic", 1), "Strong": ("bold", 2)}
_DESTINATION = re.compile(r"(?:https?://|tg://|mailto:)[^\s/?#][^\s]*", re.IGNORECASE)
_ADDRESS = re.compile(r"\s*(?:https?://)?[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_LANGUAGE = re.compile(r"[\w+#.-]{1,32}")


def render(markdown: str) -> Rich:
    """Turn Markdown into rich text; any text is accepted."""
    text = _without_definitions(seamed(clean(markdown).strip("\n")))
    return plain(markdown) if text is None else _Renderer(text).run()


def _without_definitions(text: str) -> str | None:
    """Escape `[label]: address` lines, which CommonMark would swallow; None when there is no end to them."""
    for _ in range(4):
        if "]:" not in text:
            return text
        found = pyromark.reference_definitions(text, options=OPTIONS)
        if not found:
            return text
        source = text.encode()
        cuts = [0, *sorted(d["span"]["start"] for d in found.values()), len(source)]
        text = b"\\".join(source[a:b] for a, b in pairwise(cuts)).decode()
    return None


class _Renderer:
    """Walks the parser's events once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.source = text.encode()
        self.out = Writer()
        self.outer: list[Writer] = []  # writers waiting while a table cell is written
        self.typed: list[
            str | None
        ] = []  # per open emphasis: its literal delimiter, or None when it is a style
        self.links: list[tuple[str, int]] = []
        self.lists: list[int | None] = []
        self.quotes = 0
        self.fence: tuple[str, list[str]] | None = None
        self.rows: list[list[Rich]] = []
        self.aligns: tuple[str, ...] = ()
        self.last_cell = 0
        self.last = 0  # where in the source the latest leaf ended
        self.counted = (0, 0, 0)  # that place, how far from it line ends are counted, and how many there are

    def run(self) -> Rich:
        event: Any
        for event, span in pyromark.events_with_range(self.text, options=OPTIONS, merge_text=True):
            self.start, self.end = span["start"], span["end"]
            if isinstance(event, str):
                _BREAKS[event](self)
                self.last = self.end
                continue
            ((what, value),) = event.items()
            if what in ("Start", "End"):
                name, detail = (value, None) if isinstance(value, str) else next(iter(value.items()))
                (_STARTS if what == "Start" else _ENDS)[name](self, detail)
            else:
                _LEAVES[what](self, value)
                self.last = self.end
        return self.out.rich()

    def block(self, _detail: object = None) -> None:
        """Keep a blank line before a block where the source has one; an item begins beside its marker."""
        if not self.out.prefix:
            self.own_line()

    def own_line(self) -> None:
        """The same for a block that cannot share its first line."""
        if self.out.prefix:
            self.out.settle()
            self.out.block(1)
        else:
            self.out.block(2 if self._line_ends() > 1 else 1)

    def _line_ends(self) -> int:
        """Line ends since the latest leaf; each byte is looked at once, however many blocks begin here."""
        leaf, until, found = self.counted
        if leaf != self.last:
            until, found = self.last, 0
        found += self.source.count(b"\n", until, self.start)
        self.counted = self.last, max(until, self.start), found
        return found

    def nothing(self, _detail: object = None) -> None:
        """Containers that leave no trace."""

    def done(self, _detail: object = None) -> None:
        """Remember where a block ended, without its line end."""
        self.last = self.end - (self.source[self.end - 1 : self.end] == b"\n")

    # Leaves

    def words(self, text: str) -> None:
        if self.fence:
            self.fence[1].append(text)
            return
        self.out.write(text.replace(SEAM, ""))

    def code(self, text: str) -> None:
        self.out.solid(text.replace(SEAM, ""), "code")

    def html_line(self, text: str) -> None:
        self.out.write(text.replace(SEAM, "").rstrip("\n"))
        self.out.block(1)

    def task(self, done: bool) -> None:  # noqa: FBT001 - the parser's event value
        box = "☑ " if done else "☐ "
        self.out.prefix = self.out.prefix.removesuffix("• ") + box

    def soft(self) -> None:
        self.out.write("\n" + self.out.indent)

    def rule(self) -> None:
        self.block()
        self.out.write(RULE)
        self.out.block(1)

    # Blocks

    def heading(self, _detail: object) -> None:
        self.block()
        self.out.open("bold")

    def heading_end(self, _detail: object) -> None:
        self.out.close()
        self.done()

    def quote(self, _detail: object) -> None:
        self.own_line()
        self.out.open("blockquote")

    def quote_end(self, _detail: object) -> None:
        self.out.close()
        self.out.block(1)

    def fenced(self, detail: Any) -> None:
        self.own_line()
        self.fence = (detail["Fenced"] if isinstance(detail, dict) else "", [])

    def fenced_end(self, _detail: object) -> None:
        assert self.fence is not None  # noqa: S101 - the parser pairs its events
        (info, pieces), self.fence = self.fence, None
        language, _, rest = info.partition(" ")
        if not _LANGUAGE.fullmatch(language):
            language, rest = "", info
        body = "".join((rest + "\n" if rest else "", *pieces)).replace(SEAM, "").strip("\n")
        indent, self.out.indent = self.out.indent, ""
        self.out.solid(body or language, "pre", language or None)
        self.out.indent = indent
        self.done()
        self.out.block(1)

    def list(self, first: int | None) -> None:
        self.block()
        self.lists.append(first)

    def list_end(self, _detail: object) -> None:
        self.lists.pop()
        self.out.indent = _indent(len(self.lists))

    def item(self, _detail: object) -> None:
        self.block()
        number = self.lists[-1]
        marker = "• " if number is None else f"{number}. "
        if number is not None:
            self.lists[-1] = number + 1
        self.out.begin_item(_indent(len(self.lists) - 1), marker)
        self.out.indent = _indent(len(self.lists))

    def item_end(self, _detail: object) -> None:
        if self.out.prefix:  # an empty item still has its line
            self.out.settle()
            self.done()
        self.out.block(1)

    # Styles and links

    def style(self, kind: Kind, width: int) -> None:
        mark = None
        if is_typed(self.source, self.start, self.end, width):
            mark = self.source[self.start : self.start + width].decode()
            self.out.write(mark)
        else:
            self.out.open(kind)
        self.typed.append(mark)

    def strike(self, _detail: object) -> None:
        self.style("strikethrough", 2 if self.source[self.start : self.start + 2] == b"~~" else 1)

    def style_end(self, _detail: object) -> None:
        mark = self.typed.pop()
        if mark is None:
            self.out.close()
        else:
            self.out.write(mark)

    def link(self, detail: Any) -> None:
        self.out.settle()
        self.links.append((clean(detail["dest_url"]), len(self.out.pieces)))
        self.out.open("text_link")

    def link_end(self, _detail: object) -> None:
        url, first = self.links.pop()
        label = "".join(self.out.pieces[first:])
        if not label.strip():
            self.out.write(url)
            label = url
        good = _DESTINATION.fullmatch(url) is not None and label != url
        self.out.close(url if good else None)
        self.out.write(_remark(label, url, good=good))

    # Tables

    def table(self, aligns: tuple[str, ...]) -> None:
        self.own_line()
        self.aligns, self.rows = aligns, []

    def row(self, _detail: object) -> None:
        self.rows.append([])

    def row_end(self, _detail: object) -> None:
        """Keep what stands after the last column, which the parser leaves out."""
        extra = self.source[self.last_cell : self.end].decode(errors="replace").strip("| \n\t")
        if extra:
            self.rows[-1].append(plain(extra))

    def cell(self, _detail: object) -> None:
        self.outer.append(self.out)
        self.out = Writer()

    def cell_end(self, _detail: object) -> None:
        self.last_cell = self.end
        self.rows[-1].append(self.out.rich())
        self.out = self.outer.pop()

    def table_end(self, _detail: object) -> None:
        if len(self.aligns) > MOST_COLUMNS:
            raw = self.source[self.start : self.end].decode().replace(SEAM, "").rstrip("\n")
            self.out.solid(raw, "pre")
        else:
            self.out.paste(table(self.rows[0], self.rows[1:], self.aligns))
        self.done()
        self.out.block(1)


def _indent(depth: int) -> str:
    return "  " * min(depth, DEEPEST)


def _remark(label: str, url: str, *, good: bool) -> str:
    """What must stand beside a link's text so that the reader is not misled or left without the address."""
    if not good:
        return "" if url in label or url == f"mailto:{label}" or not url else f" ({url})"
    host = urlsplit(url).hostname or ""
    return f" ({host})" if _ADDRESS.match(label) and host not in label.lower() else ""


_Handler = Callable[[_Renderer, Any], None]

_BREAKS: Final[dict[str, Callable[[_Renderer], None]]] = {
    "SoftBreak": _Renderer.soft,
    "HardBreak": _Renderer.soft,
    "Rule": _Renderer.rule,
}
_LEAVES: Final[dict[str, _Handler]] = {
    "Text": _Renderer.words,
    "Code": _Renderer.code,
    "InlineHtml": _Renderer.words,
    "Html": _Renderer.html_line,
    "TaskListMarker": _Renderer.task,
}
_STARTS: Final[dict[str, _Handler]] = {
    "Paragraph": _Renderer.block,
    "HtmlBlock": _Renderer.block,
    "Heading": _Renderer.heading,
    "BlockQuote": _Renderer.quote,
    "CodeBlock": _Renderer.fenced,
    "List": _Renderer.list,
    "Item": _Renderer.item,
    "Emphasis": lambda r, _: r.style("italic", 1),
    "Strong": lambda r, _: r.style("bold", 2),
    "Strikethrough": _Renderer.strike,
    "Link": _Renderer.link,
    "Image": _Renderer.link,
    "Table": _Renderer.table,
    "TableHead": _Renderer.row,
    "TableRow": _Renderer.row,
    "TableCell": _Renderer.cell,
}
_ENDS: Final[dict[str, _Handler]] = {
    "Paragraph": _Renderer.nothing,
    "HtmlBlock": _Renderer.done,
    "Heading": _Renderer.heading_end,
    "BlockQuote": _Renderer.quote_end,
    "CodeBlock": _Renderer.fenced_end,
    "List": _Renderer.list_end,
    "Item": _Renderer.item_end,
    "Emphasis": _Renderer.style_end,
    "Strong": _Renderer.style_end,
    "Strikethrough": _Renderer.style_end,
    "Link": _Renderer.link_end,
    "Image": _Renderer.link_end,
    "Table": _Renderer.table_end,
    "TableHead": _Renderer.row_end,
    "TableRow": _Renderer.row_end,
    "TableCell": _Renderer.cell_end,
}
