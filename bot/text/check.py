"""Checks the texts of every language against English and against the house rules.
Each rule returns problems; an empty list means that the texts can be shipped.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from babel import Locale

from bot.text.locales import SOURCE, locales_folder
from bot.text.safe import clean
from bot.text.sources import PLURALS, Broken, Entry, entries

LENGTHS: Final = {"button-": 24, "press-": 200, "command-": 256}  # a key's prefix → characters that fit
BANNED: Final = (
    (re.compile(r"[!！]"), "an exclamation mark"),
    (re.compile(r"\.\.\."), "three dots instead of …"),
    (
        re.compile(r"\b(?:please|sorry|oops|successfully|simply|just|click|unfortunately)\b", re.IGNORECASE),
        "a banned word",
    ),
    (re.compile(r"抱歉|对不起|亲爱的|哦|呢"), "a banned word"),
)
_HTML = re.compile(r"</?[A-Za-z]|&[a-z]+;")
_PLACEABLE = re.compile(r"\{\s*\$?[\w-]+\s*\}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend, and where."""

    rule: str
    locale: str
    place: str
    detail: str

    def __str__(self) -> str:
        return f"{self.locale}/{self.place}: {self.rule}: {self.detail}"


def check(folder: Path) -> list[Problem]:
    """Run every rule that needs the texts only."""
    languages = sorted(path for path in folder.iterdir() if path.is_dir())
    read = {path.name: list(entries(path)) for path in languages}
    source = _by_key(read.get(SOURCE, []))
    problems: list[Problem] = []
    for locale, items in read.items():
        problems += _broken(locale, items)
        found = _by_key(items)
        problems += [*_keys(locale, found, source), *_variables(locale, found, source)]
        for entry in found.values():
            problems += [*_plurals(locale, entry), *_words(locale, entry)]
    return problems


def unused(folder: Path, code: Path) -> list[str]:
    """Texts that no Python file under `code` names, neither as a method nor as a key."""
    named: set[str] = set()
    for path in code.rglob("*.py"):
        if path.parent.name != "keys":
            named.update(_names(ast.parse(path.read_text(encoding="utf-8"))))
    found = (entry for entry in entries(folder / SOURCE) if isinstance(entry, Entry))
    return [entry.key for entry in found if not {entry.method, entry.key} & named]


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _by_key(items: Iterable[Entry | Broken]) -> dict[str, Entry]:
    return {item.key: item for item in items if isinstance(item, Entry)}


def _broken(locale: str, items: list[Entry | Broken]) -> Iterator[Problem]:
    seen: set[str] = set()
    for item in items:
        place = f"{item.file}:{item.line}"
        if isinstance(item, Broken):
            yield Problem("syntax", locale, place, item.reason)
        elif item.key in seen:
            yield Problem("twice", locale, place, item.key)
        else:
            seen.add(item.key)


def _keys(locale: str, found: dict[str, Entry], source: dict[str, Entry]) -> Iterator[Problem]:
    for key in source.keys() - found.keys():
        yield Problem("missing", locale, source[key].file, key)
    for key in found.keys() - source.keys():
        yield Problem("unknown", locale, f"{found[key].file}:{found[key].line}", key)
    for key in found.keys() & source.keys():
        if found[key].file != source[key].file:
            yield Problem("family", locale, found[key].file, f"{key} belongs into {source[key].file}")


def _variables(locale: str, found: dict[str, Entry], source: dict[str, Entry]) -> Iterator[Problem]:
    for key in found.keys() & source.keys():
        ours, theirs = set(found[key].variables), set(source[key].variables)
        if ours != theirs:
            detail = f"{key}: lacks {sorted(theirs - ours)}, adds {sorted(ours - theirs)}"
            yield Problem("variables", locale, f"{found[key].file}:{found[key].line}", detail)


def _plurals(locale: str, entry: Entry) -> Iterator[Problem]:
    rule = Locale.parse(locale, sep="-").plural_form
    needed = {"other", *rule.tags}
    for choice in entry.choices:
        forms = {key for key in choice.keys if key in PLURALS}
        if choice.is_plural and forms != needed:
            detail = f"{entry.key}: ${choice.variable} has {sorted(forms)}, needs {sorted(needed)}"
            yield Problem("plural", locale, f"{entry.file}:{entry.line}", detail)


def _words(locale: str, entry: Entry) -> Iterator[Problem]:
    place = f"{entry.file}:{entry.line}"
    for pattern, what in BANNED:
        if match := pattern.search(entry.text):
            yield Problem("words", locale, place, f"{entry.key}: {what}: {match[0]}")
    if match := _HTML.search(entry.text):
        yield Problem("html", locale, place, f"{entry.key}: {match[0]}")
    if clean(entry.text) != entry.text:
        yield Problem("characters", locale, place, f"{entry.key}: an invisible character")
    for prefix, most in LENGTHS.items():
        length = len(_PLACEABLE.sub("", entry.text))
        if entry.key.startswith(prefix) and length > most:
            yield Problem("length", locale, place, f"{entry.key}: {length} characters, {most} fit")


def main() -> int:
    """Print the problems of the texts."""
    problems = check(locales_folder())
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
