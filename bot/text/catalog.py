"""Loads the Fluent texts and says them. A text or value that is missing is an error in strict mode;
in production it is logged and the English text is used, so that a card is never lost to a translation.
"""

import logging
import os
from functools import cache
from pathlib import Path
from typing import TypeAlias

from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.resolver import Pattern
from fluent.runtime.types import FluentNone, FluentNumber, fluent_number

from bot.text.keys import Keys
from bot.text.locales import SOURCE, locales_folder
from bot.text.speaker import Value

STRICT = "LEADHAND_STRICT_TEXTS"
LONGEST = 2000  # the Fluent library refuses values above 2500 characters

_Given: TypeAlias = str | FluentNumber | FluentNone

log = logging.getLogger(__name__)


class TextError(LookupError):
    """A text is missing, or was not given what it needs."""


class Words(Keys):
    """The texts in one language: one method a text, named like its key."""

    __slots__ = ("_texts", "locale")

    def __init__(self, texts: "Texts", locale: str) -> None:
        self._texts = texts
        self.locale = locale

    def get(self, key: str, **values: Value) -> str:
        """Say the text of a key that is only known at run time, such as an error's."""
        return self._texts.get(self.locale, key, **values)

    def has(self, key: str) -> bool:
        """Tell whether there is a text of this key."""
        return self._texts.has(key)


class Texts:
    """Every language of one folder."""

    def __init__(self, folder: Path | None = None, *, strict: bool | None = None) -> None:
        self.strict = os.environ.get(STRICT) == "1" if strict is None else strict
        self._bundles = {path.name: _bundle(path) for path in _languages(folder or locales_folder())}
        if SOURCE not in self._bundles:
            raise TextError(f"no {SOURCE} texts in {folder or locales_folder()}")
        self.locales = tuple(self._bundles)
        self.words = cache(self._words)

    def _words(self, locale: str) -> Words:
        return Words(self, locale)

    def choose(self, setting: str | None, language_code: str | None = None) -> str:
        """Pick a language: the setting if there is one, else what Telegram says, else English."""
        for wanted in (setting, language_code):
            found = self.match(wanted) if wanted else None
            if found:
                return found
        return SOURCE

    def match(self, code: str) -> str | None:
        """Find the language for a code such as `zh-hant`, by the whole code or its first part."""
        code = code.replace("_", "-").lower()
        by_code = {locale.lower(): locale for locale in self.locales}
        by_first = {locale.lower().partition("-")[0]: locale for locale in reversed(self.locales)}
        return by_code.get(code) or by_first.get(code.partition("-")[0])

    def has(self, key: str) -> bool:
        """Tell whether English has this text."""
        return _pattern(self._bundles[SOURCE], key) is not None

    def get(self, locale: str, key: str, /, **values: Value) -> str:
        """Say a text, `key` or `key.attribute`; numbers choose plural forms and are not grouped."""
        given = {name: _given(value) for name, value in values.items()}
        for language in dict.fromkeys((locale, SOURCE)):
            text, problem = self._say(language, key, given)
            if problem is None:
                return text
            if self.strict:
                raise TextError(f"{language}: {key}: {problem}")
            log.error("text %s in %s: %s", key, language, problem)
        return key

    def _say(self, locale: str, key: str, values: dict[str, _Given]) -> tuple[str, str | None]:
        bundle = self._bundles.get(locale)
        if bundle is None:
            return "", "no such language"
        pattern = _pattern(bundle, key)
        if pattern is None:
            return "", "no such text"
        text, errors = bundle.format_pattern(pattern, values)
        return str(text), "; ".join(map(str, errors)) or None


def _languages(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and any(path.glob("*.ftl")))


def _bundle(folder: Path) -> FluentBundle:
    bundle = FluentBundle([folder.name, SOURCE], use_isolating=False)
    for path in sorted(folder.glob("*.ftl")):
        bundle.add_resource(FluentResource(path.read_text(encoding="utf-8")))
    return bundle


def _pattern(bundle: FluentBundle, key: str) -> Pattern | None:
    name, _, attribute = key.partition(".")
    if not bundle.has_message(name):
        return None
    message = bundle.get_message(name)
    return message.attributes.get(attribute) if attribute else message.value


def _given(value: Value) -> _Given:
    if isinstance(value, str):
        return value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
    return fluent_number(value, useGrouping=False)
