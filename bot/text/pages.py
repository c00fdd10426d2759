"""Cuts a rich text into messages. No page is longer or has more entities than Telegram takes, no page is
blank, and nothing but white space at a cut is lost.
"""

from dataclasses import replace

from bot.text.rich import QUOTES, Entity, Rich, splice, units
from bot.text.safe import MARK, imitations

LIMIT = 4096
PEEK = 64  # as much of a page as shows how it begins
ENCLOSING = QUOTES | {"pre"}
MAX_ENTITIES = 100


def pages(rich: Rich, limit: int = LIMIT, max_entities: int = MAX_ENTITIES) -> list[Rich]:
    """Split at a paragraph, else a line, else a space, else anywhere; styles go on over the cut."""
    data = rich.text.encode("utf-16-le")
    found: list[Rich] = []
    start, first = 0, 0
    carried: list[Entity] = []
    while start * 2 < len(data):
        marked = bool(found) and _imitates(data, start, carried)
        room = start + limit - marked * len(MARK)
        one_too_many = first + max_entities - len(carried)
        if one_too_many < len(rich.entities) and rich.entities[one_too_many].offset > start:
            room = min(room, rich.entities[one_too_many].offset)
        text = _cut(data, start, room)
        end = start + units(text)
        while first < len(rich.entities) and rich.entities[first].offset < end:
            carried.append(rich.entities[first])
            first += 1
        page = _trimmed(text, start, carried[:max_entities])
        if page.text:
            found.append(splice(page, [(0, 0, MARK)]) if marked else page)
        carried = [e for e in carried if e.end > end]
        start = end
    return found


def _imitates(data: bytes, start: int, carried: list[Entity]) -> bool:
    """Whether a page would begin, outside quotes and code, like one of the bot's own lines."""
    if any(entity.type in ENCLOSING for entity in carried):
        return False
    text = data[start * 2 : (start + PEEK) * 2].decode("utf-16-le", "replace")
    return imitations(text.lstrip())[:1] == [0]


def _cut(data: bytes, start: int, end: int) -> str:
    """The text of a page that begins at `start` and may reach `end`."""
    if end * 2 >= len(data):
        return data[start * 2 :].decode("utf-16-le")
    if data[end * 2 + 1] & 0xFC == 0xDC:  # noqa: PLR2004 - the second half of a pair: cut before the first
        end = end - 1 if end - 1 > start else end + 1
    text = data[start * 2 : end * 2].decode("utf-16-le")
    follows = data[end * 2 : end * 2 + 4].decode("utf-16-le", "replace")
    return (text + follows)[: _best(text, follows)]


def _best(text: str, follows: str) -> int:
    """Where to cut, after the line end or space; a page is not left almost empty for a nicer cut."""
    for mark, least in (("\n\n", len(text) // 2), ("\n", len(text) // 4), (" ", len(text) // 4)):
        cut = (text + follows[: len(mark)]).rfind(mark, least)
        if cut > 0:
            return cut + len(mark)  # what lies past the limit is white space and is trimmed
    return len(text)


def _trimmed(text: str, start: int, entities: list[Entity]) -> Rich:
    """A page without blank lines before it and blanks after it, its entities counted from its own start."""
    body = text.rstrip()
    lead = len(body) - len(body.lstrip("\n"))
    body = body[lead:]
    begin, size = start + lead, units(body)
    kept = []
    for entity in entities:
        low, high = max(entity.offset - begin, 0), min(entity.end - begin, size)
        if low < high:
            kept.append(replace(entity, offset=low, length=high - low))
    return Rich(body, tuple(kept))
