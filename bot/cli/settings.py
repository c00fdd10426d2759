"""Reads the settings for a command: what the core checks, and the languages only the bot knows."""

from __future__ import annotations

from bot.text.catalog import Texts
from core.config import Config, load
from core.errors import BadSetting


def read() -> Config:
    """Return the configuration, or raise `BadSetting` or `HomeBroken`."""
    config = load()
    settings = config.settings
    named = [("defaults.locale", settings.defaults.locale)]
    named += [(f"projects.{name}.locale", project.locale) for name, project in settings.projects.items()]
    texts = Texts()
    for setting, locale in named:
        if locale is not None and texts.match(locale) is None:
            known = ", ".join(texts.locales)
            file = config.home / "leadhand.toml"
            raise BadSetting(file=file, setting=setting, reason=f"no language {locale}; known: {known}")
    return config
