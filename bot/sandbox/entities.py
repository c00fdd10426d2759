"""Message entities as Telegram counts them: UTF-16 offsets, trimming, automatic ones, at most 100."""

import re
from collections.abc import Iterable
from typing import Any

from bot.sandbox.errors import bad
from bot.sandbox.records import Json

MAX_ENTITIES = 100
ASTRAL = 0xFFFF
KINDS = frozenset(
    {
        "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold", "italic",
        "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre",
        "text_link", "text_mention", "custom_emoji",
    }
)  # fmt: skip
EXTRA = {
    "text_link": "url",
    "text_mention": "user",
    "pre": "language",
    "custom_emoji": "custom_emoji_id",
}
OPAQUE = frozenset({"code", "pre", "text_link", "text_mention", "custom_emoji"})
ZONES = "com|org|net|io|dev|app|md|py|sh|rs|ai|me|co|uk|de|ru|cn|es|fr|eu|info|edu|gov|xyz"
AUTOMATIC = re.compile(
    r"(?P<url>\b(?:https?|tg)://[^\s<>\"]+|(?<![\w@./-])(?:[\w-]+\.)+(?:" + ZONES + r")\b(?:/[^\s<>\"]*)?)"
    r"|(?P<email>\b[\w.+-]+@[\w-]+\.[\w.-]+\b)"
    r"|(?P<mention>(?<![\w@/])@[A-Za-z]\w{3,31}\b)"
    r"|(?P<bot_command>(?<![\w/<>@])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?\b(?!/))"
    r"|(?P<hashtag>(?<!\w)#[^\W\d]\w*)"
)
TRAILING = ".,;:!?)'\"»”"


def width(text: str) -> int:
    """Length in UTF-16 code units, the way Telegram counts."""
    return len(text) + sum(1 for char in text if ord(char) > ASTRAL)


def cut(text: str, offset: int, length: int) -> str:
    """The part of a text an entity covers."""
    raw = text.encode("utf-16-le")
    return raw[offset * 2 : (offset + length) * 2].decode("utf-16-le", "replace")


def checked(text: str, given: Any) -> list[Json]:
    """Entities passed by a bot: known kinds, inside the text, on symbol borders, sorted, at most 100."""
    if not isinstance(given, list):
        raise bad("can't parse entities: expected an Array of MessageEntity")
    bounds = _bounds(text)
    found = [entity for entity in (_one(item, text, bounds) for item in given) if entity]
    return ordered(found)


def ordered(found: Iterable[Json]) -> list[Json]:
    """Outer before inner, first before later, 100 at most."""
    return sorted(found, key=lambda e: (e["offset"], -e["length"]))[:MAX_ENTITIES]


def _bounds(text: str) -> set[int]:
    at, bounds = 0, {0}
    for char in text:
        at += 2 if ord(char) > ASTRAL else 1
        bounds.add(at)
    return bounds


def _one(item: Any, text: str, bounds: set[int]) -> Json | None:
    if not isinstance(item, dict):
        raise bad("can't parse entities: expected an Object")
    kind = item.get("type")
    if kind not in KINDS:
        raise bad("can't parse entities: unsupported type specified")
    offset, length = item.get("offset"), item.get("length")
    if not isinstance(offset, int) or not isinstance(length, int):
        raise bad('can\'t parse entities: Field "offset" must be of type Number')
    if length <= 0 or offset < 0:
        return None
    total = width(text)
    if offset >= total:
        raise bad(f"entity begins after the end of the text at UTF-16 offset {offset}")
    if offset + length > total:
        raise bad(
            f"entity beginning at UTF-16 offset {offset} ends after the end of the text "
            f"at UTF-16 offset {offset + length}"
        )
    if offset not in bounds:
        raise bad(f"entity begins in a middle of a UTF-16 symbol at byte offset {offset}")
    if offset + length not in bounds:
        raise bad(f"entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol")
    entity: Json = {"type": kind, "offset": offset, "length": length}
    extra = EXTRA.get(str(kind))
    if extra and item.get(extra):
        entity[extra] = item[extra]
    return entity


def trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Cut white space at both ends as Telegram does and move the entities along."""
    kept = text.rstrip()
    lead = 0 if _covers_start(entities) else width(kept) - width(kept.lstrip())
    kept = kept[lead:]
    total, moved = width(kept), []
    for entity in entities:
        start = max(entity["offset"] - lead, 0)
        end = min(entity["offset"] + entity["length"] - lead, total)
        if end > start:
            moved.append({**entity, "offset": start, "length": end - start})
    return kept, moved


def _covers_start(entities: list[Json]) -> bool:
    return any(entity["offset"] == 0 for entity in entities)


def automatic(text: str, known: list[Json]) -> list[Json]:
    """The known entities plus the commands, links and mentions a client would find."""
    if not any(sign in text for sign in "/@.#"):
        return known
    blocked = [(e["offset"], e["offset"] + e["length"]) for e in known if e["type"] in OPAQUE]
    found = list(known)
    for match in AUTOMATIC.finditer(text):
        kind, hit = str(match.lastgroup), match.group()
        if kind == "url":
            hit = hit.rstrip(TRAILING)
        start = width(text[: match.start()])
        length = width(hit)
        if not any(start < end and start + length > begin for begin, end in blocked):
            found.append({"type": kind, "offset": start, "length": length})
    return ordered(found)
