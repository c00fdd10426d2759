"""Text with entities, the only form in which the bot sends anything. Offsets are UTF-16 units, as Telegram
counts; every function here keeps entities inside the text, nested or apart, never crossing.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal, TypeAlias

from bot.text.safe import clean, defang

Kind = Literal[
    "bold", "italic", "strikethrough", "code", "pre", "text_link", "blockquote", "expandable_blockquote"
]
Edit: TypeAlias = tuple[int, int, str]

QUOTES = frozenset({"blockquote", "expandable_blockquote"})
SOLID = frozenset({"code", "pre"})


def units(text: str) -> int:
    """Count UTF-16 units, the way Telegram measures text."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


@dataclass(frozen=True, slots=True)
class Entity:
    """One styled range of a text."""

    type: Kind
    offset: int
    length: int
    url: str | None = None
    language: str | None = None

    @property
    def end(self) -> int:
        """The first unit after the range."""
        return self.offset + self.length


@dataclass(frozen=True, slots=True)
class Rich:
    """A text and its entities, sorted by offset, outer before inner."""

    text: str = ""
    entities: tuple[Entity, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.text)

    def __add__(self, other: "Rich | str") -> "Rich":
        return join((self, other), "")

    def __radd__(self, other: str) -> "Rich":
        return join((other, self), "")

    @property
    def units(self) -> int:
        """Length in UTF-16 units."""
        return units(self.text)

    def join(self, parts: "Iterable[Rich | str]") -> "Rich":
        """Put this between the parts, as `str.join` does; empty parts count."""
        out: list[Rich | str] = []
        for part in parts:
            out.extend((self, part) if out else (part,))
        return join(out, "")


Part: TypeAlias = Rich | str


def plain(text: str) -> Rich:
    """Text as it is, without unsafe characters and without any style."""
    return Rich(clean(text))


def rich(part: Part) -> Rich:
    """Take a string as plain text, leave a rich text alone."""
    return plain(part) if isinstance(part, str) else part


def join(parts: Iterable[Part], separator: str = "\n") -> Rich:
    """Concatenate the parts that are not empty, with a separator between them."""
    texts: list[str] = []
    entities: list[Entity] = []
    at, gap = 0, units(separator)
    for part in map(rich, parts):
        if not part.text:
            continue
        if texts and separator:
            texts.append(separator)
            at += gap
        texts.append(part.text)
        entities.extend(replace(e, offset=e.offset + at) for e in part.entities)
        at += part.units
    return Rich("".join(texts), tuple(entities))


def bold(part: Part) -> Rich:
    """Bold, except where the text is code: Telegram allows no style on code."""
    return _style(rich(part), "bold")


def italic(part: Part) -> Rich:
    """Italic, except where the text is code."""
    return _style(rich(part), "italic")


def code(text: str) -> Rich:
    """A short piece in a fixed-width font, exactly as given."""
    return _whole(clean(text), "code")


def pre(text: str, language: str | None = None) -> Rich:
    """A block in a fixed-width font, exactly as given."""
    return _whole(clean(text).strip("\n"), "pre", language=language)


def link(part: Part, url: str) -> Rich:
    """A text that opens an address; code inside it loses its font."""
    inner = rich(part)
    kept = tuple(e for e in inner.entities if e.type not in SOLID and e.type != "text_link")
    return Rich(inner.text, (Entity("text_link", 0, inner.units, url=url), *kept)) if inner else inner


def quote(part: Part, *, expandable: bool = False) -> Rich:
    """A block quote around the text; quotes inside it are flattened, as Telegram forbids nesting."""
    inner = rich(part)
    if not inner.text:
        return inner
    kind: Kind = "expandable_blockquote" if expandable else "blockquote"
    kept = tuple(e for e in inner.entities if e.type not in QUOTES)
    return Rich(inner.text, (Entity(kind, 0, inner.units), *kept))


def verbatim(text: str, *, fixed: bool = False, expandable: bool = True) -> Rich:
    """Somebody else's words exactly, in a quote (or a fixed-width block); no Markdown pass. A line that
    imitates one of the bot's own is marked, for those who see the text without the quote.
    """
    return pre(text) if fixed else quote(defang(clean(text)).strip("\n"), expandable=expandable)


def splice(text: Rich, edits: Iterable[Edit]) -> Rich:
    """Replace ranges of the text (string indices, ascending, apart) and move the entities with it."""
    pieces: list[str] = []
    starts, ends, deltas = [], [], [0]
    index = at = 0
    for start, end, new in edits:
        kept, old = text.text[index:start], text.text[start:end]
        at += units(kept)
        starts.append(at)
        at += units(old)
        ends.append(at)
        deltas.append(units(new) - units(old))
        pieces += (kept, new)
        index = end
    if not starts:
        return text
    shift = list(accumulate(deltas))

    def moved(entity: Entity) -> Entity | None:
        past = bisect_right(ends, entity.offset)
        inside = past < len(starts) and starts[past] < entity.offset
        begin = ends[past] + shift[past + 1] if inside else entity.offset + shift[past]
        past = bisect_left(starts, entity.end)
        inside = past > 0 and ends[past - 1] > entity.end
        stop = starts[past - 1] + shift[past - 1] if inside else entity.end + shift[past]
        return replace(entity, offset=begin, length=stop - begin) if stop > begin else None

    kept_entities = (moved(entity) for entity in text.entities)
    return Rich("".join((*pieces, text.text[index:])), tuple(e for e in kept_entities if e))


def _whole(text: str, kind: Kind, language: str | None = None) -> Rich:
    return Rich(text, (Entity(kind, 0, units(text), language=language),)) if text else Rich()


def _style(inner: Rich, kind: Kind) -> Rich:
    pieces: list[Entity] = []
    at = 0
    for entity in (e for e in inner.entities if e.type in SOLID):
        if entity.offset > at:
            pieces.append(Entity(kind, at, entity.offset - at))
        at = entity.end
    if inner.units > at:
        pieces.append(Entity(kind, at, inner.units - at))
    return Rich(inner.text, ordered((*pieces, *(e for e in inner.entities if e.type != kind))))


def ordered(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Sort entities as Telegram lists them: by offset, outer before inner, quotes first and code last."""
    return tuple(sorted(entities, key=lambda e: (e.offset, -e.length, e.type not in QUOTES, e.type in SOLID)))
