"""Telegram's MarkdownV2 parse mode in its basic form: markers, code, links, quotes, reserved characters."""

import re

from bot.sandbox.entities import ordered, width
from bot.sandbox.html import refuse
from bot.sandbox.records import Json

MARKERS = {"*": "bold", "_": "italic", "__": "underline", "~": "strikethrough", "||": "spoiler"}
RESERVED = "_*[]()~`>#+-=|{}.!"
LINK = re.compile(r"\]\(((?:\\.|[^)\\])*)\)")
LANGUAGE = re.compile(r"[A-Za-z0-9_+#.-]*\n")


def parse_markdown(source: str) -> tuple[str, list[Json]]:
    """Text and entities of a MarkdownV2 message."""
    return _Parser(source).run()


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.index = 0
        self.out: list[str] = []
        self.at = 0
        self.open: list[tuple[str, int, int]] = []
        self.found: list[Json] = []
        self.quote = -1

    def run(self) -> tuple[str, list[Json]]:
        while self.index < len(self.source):
            self._step()
        if self.open:
            marker, _, index = self.open[-1]
            name = "TextUrl" if marker == "[" else MARKERS[marker].capitalize()
            raise refuse(f"Can't find end of {name} entity at byte offset {self._byte(index)}")
        self._end_quote()
        return "".join(self.out), ordered(self.found)

    def _step(self) -> None:
        rest = self.source[self.index :]
        char = rest[0]
        if self._at_line_start() and char == ">":
            self.quote = self.at if self.quote < 0 else self.quote
            self.index += 1
        elif char == "\\" and len(rest) > 1 and ord(rest[1]) < 127:  # noqa: PLR2004 - ASCII may be escaped
            self._put(rest[1], 2)
        elif char == "`":
            self._code("```" if rest.startswith("```") else "`")
        elif char == "[":
            self.open.append(("[", self.at, self.index))
            self.index += 1
        elif char == "]" and self.open and self.open[-1][0] == "[":
            self._link()
        elif marker := self._marker(rest):
            self._toggle(marker)
        elif char in RESERVED:
            raise refuse(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")
        else:
            self._newline() if char == "\n" else None
            self._put(char, 1)

    def _at_line_start(self) -> bool:
        return self.index == 0 or self.source[self.index - 1] == "\n"

    def _newline(self) -> None:
        if self.quote >= 0 and not self.source.startswith(">", self.index + 1):
            self._end_quote()

    def _end_quote(self) -> None:
        if self.quote >= 0 and self.at > self.quote:
            self._found("blockquote", self.quote)
        self.quote = -1

    def _put(self, text: str, used: int) -> None:
        self.out.append(text)
        self.at += width(text)
        self.index += used

    def _byte(self, index: int) -> int:
        return len(self.source[:index].encode())

    def _found(self, kind: str, start: int, **extra: str) -> None:
        if self.at > start:
            self.found.append({"type": kind, "offset": start, "length": self.at - start, **extra})

    @staticmethod
    def _marker(rest: str) -> str:
        return next((m for m in ("__", "||", "*", "_", "~") if rest.startswith(m)), "")

    def _toggle(self, marker: str) -> None:
        if self.open and self.open[-1][0] == marker:
            _, start, _ = self.open.pop()
            self._found(MARKERS[marker], start)
        else:
            self.open.append((marker, self.at, self.index))
        self.index += len(marker)

    def _code(self, fence: str) -> None:
        start, begin = self.at, self.index
        end = self.source.find(fence, begin + len(fence))
        if end < 0:
            name = "Pre" if fence == "```" else "Code"
            raise refuse(f"Can't find end of {name} entity at byte offset {self._byte(begin)}")
        body = self.source[begin + len(fence) : end]
        extra = {}
        if fence == "```" and (match := LANGUAGE.match(body)):
            body = body[match.end() :]
            if language := match.group().strip():
                extra = {"language": language}
        self._put(re.sub(r"\\([\\`])", r"\1", body), end + len(fence) - begin)
        self._found("pre" if fence == "```" else "code", start, **extra)

    def _link(self) -> None:
        _, start, index = self.open.pop()
        match = LINK.match(self.source, self.index)
        if not match:
            raise refuse(f"Can't find end of a URL at byte offset {self._byte(index)}")
        self.index = match.end()
        self._found("text_link", start, url=re.sub(r"\\(.)", r"\1", match[1]))
