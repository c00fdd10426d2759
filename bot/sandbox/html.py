"""Telegram's HTML parse mode: a small strict parser with the real error texts (byte offsets included)."""

import re

from bot.sandbox.entities import ordered, width
from bot.sandbox.errors import ApiError, bad
from bot.sandbox.records import Json

TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}  # fmt: skip
TOKEN = re.compile(r"<(?P<tag>[^<>]*)>|&(?P<ref>#x[0-9a-fA-F]+|#[0-9]+|lt|gt|amp|quot);|(?P<open><)")
ATTRIBUTE = re.compile(r"""([\w-]+)\s*(?:=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


def refuse(why: str) -> ApiError:
    """400 in the words of every parse mode."""
    return bad(f"can't parse entities: {why}")


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Text and entities of an HTML message."""
    return _Parser(source).run()


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.out: list[str] = []
        self.at = 0
        self.open: list[tuple[str, Json]] = []
        self.found: list[Json] = []

    def run(self) -> tuple[str, list[Json]]:
        last = 0
        for match in TOKEN.finditer(self.source):
            self._add(self.source[last : match.start()])
            last = match.end()
            if match["ref"]:
                self._add(_decoded(match["ref"]))
            elif match["open"]:
                self._lonely(match.start())
            else:
                self._tag(match["tag"], match.start())
        self._add(self.source[last:])
        if self.open:
            raise refuse(f'Can\'t find end tag corresponding to start tag "{self.open[-1][0]}"')
        return "".join(self.out), ordered(_merged(self.found))

    def _add(self, text: str) -> None:
        self.out.append(text)
        self.at += width(text)

    def _byte(self, index: int) -> int:
        return len(self.source[:index].encode())

    def _lonely(self, index: int) -> None:
        """A `<` that no `>` follows, as in `a < b`."""
        name = self.source[index + 1 :].split(" ")[0].lower()
        if name in TAGS:
            raise refuse(f"Unclosed start tag at byte offset {self._byte(index)}")
        raise refuse(f'Unsupported start tag "{name}" at byte offset {self._byte(index)}')

    def _tag(self, inner: str, index: int) -> None:
        if inner.startswith("/"):
            self._close(inner[1:].strip().lower(), index)
            return
        name, _, rest = inner.partition(" ")
        name = name.strip().lower()
        if name not in TAGS:
            raise refuse(f'Unsupported start tag "{name}" at byte offset {self._byte(index)}')
        attributes = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in ATTRIBUTE.finditer(rest)}
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise refuse(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(index)}')
        self.open.append((name, self._entity(name, attributes)))

    def _entity(self, name: str, attributes: dict[str, str]) -> Json:
        entity: Json = {"type": TAGS[name], "offset": self.at, "length": 0}
        if name == "a":
            entity["url"] = attributes.get("href", "")
        elif name == "blockquote" and "expandable" in attributes:
            entity["type"] = "expandable_blockquote"
        elif name == "code" and attributes.get("class", "").startswith("language-"):
            entity["language"] = attributes["class"].removeprefix("language-")
        elif name == "tg-emoji":
            entity["custom_emoji_id"] = attributes.get("emoji-id", "")
        return entity

    def _close(self, name: str, index: int) -> None:
        if not self.open:
            raise refuse(f"Unexpected end tag at byte offset {self._byte(index)}")
        expected, entity = self.open.pop()
        if name and name != expected:
            at = self._byte(index)
            raise refuse(
                f'Unmatched end tag at byte offset {at}, expected "</{expected}>", found "</{name}>"'
            )
        entity["length"] = self.at - entity["offset"]
        if entity["type"] == "text_link" and not entity["url"]:
            entity["url"] = ""
        if entity["length"] and entity.get("url", "-"):
            self.found.append(entity)


def _decoded(ref: str) -> str:
    if not ref.startswith("#"):
        return NAMED[ref]
    code = int(ref[2:], 16) if ref[1] == "x" else int(ref[1:])
    try:
        return chr(code)
    except (ValueError, OverflowError):
        return ""


def _merged(found: list[Json]) -> list[Json]:
    """`<pre><code class="language-x">` is one pre with a language; a plain code keeps none."""
    pres = {(e["offset"], e["length"]): e for e in found if e["type"] == "pre"}
    kept = []
    for entity in found:
        if entity["type"] == "code":
            language = entity.pop("language", "")
            outer = pres.get((entity["offset"], entity["length"]))
            if outer is not None:
                if language:
                    outer["language"] = language
                continue
        kept.append(entity)
    return kept
