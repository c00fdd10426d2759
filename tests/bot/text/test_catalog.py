"""Texts are found, fall back, and never lose a card."""

import logging
from pathlib import Path

import pytest

from bot.text.catalog import STRICT, TextError, Texts
from bot.text.locales import locales_folder

ENGLISH = """\
hello = Hello { $who }
    .bye = Bye
only = English
files = { $n ->
    [one] one file
   *[other] { $n } files
 }
"""
RUSSIAN = """\
hello = Привет { $who }
files = { $n ->
    [one] { $n } файл
    [few] { $n } файла
   *[many] { $n } файлов
 }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for locale, text in {"en": ENGLISH, "ru": RUSSIAN}.items():
        (tmp_path / locale).mkdir()
        (tmp_path / locale / "a.ftl").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_text_is_said_in_its_language_without_isolation_marks(folder: Path) -> None:
    texts = Texts(folder, strict=True)
    assert texts.get("en", "hello", who="Ann") == "Hello Ann"
    assert texts.get("ru", "hello", who="Ann") == "Привет Ann"
    assert texts.get("en", "hello.bye") == "Bye"
    assert texts.words("ru").get("hello", who="x") == "Привет x"


def test_numbers_choose_the_plural_and_are_not_grouped(folder: Path) -> None:
    texts = Texts(folder, strict=True)
    assert [texts.get("ru", "files", n=n) for n in (1, 2, 5, 1234)] == [
        "1 файл",
        "2 файла",
        "5 файлов",
        "1234 файла",
    ]
    assert texts.get("en", "files", n=1) == "one file"
    assert texts.get("en", "hello", who=12345) == "Hello 12345"


MISSING = [("ru", "only"), ("en", "none"), ("xx", "hello"), ("en", "hello.no"), ("en", "hello")]


@pytest.mark.parametrize(("locale", "key"), MISSING)
def test_strict_mode_refuses_what_is_missing(folder: Path, locale: str, key: str) -> None:
    with pytest.raises(TextError, match=key):
        Texts(folder, strict=True).get(locale, key)


def test_production_logs_and_falls_back_to_english(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    texts = Texts(folder, strict=False)
    with caplog.at_level(logging.ERROR):
        assert texts.get("ru", "only") == "English"
        assert texts.get("xx", "hello", who="x") == "Hello x"
        assert texts.get("ru", "nowhere") == "nowhere"
    assert "text only in ru" in caplog.text
    assert texts.get("ru", "hello") == "hello"


def test_strictness_comes_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STRICT, "1")
    assert Texts(folder).strict
    monkeypatch.delenv(STRICT)
    assert not Texts(folder).strict


def test_a_very_long_value_is_shortened_not_lost(folder: Path) -> None:
    said = Texts(folder, strict=True).get("en", "hello", who="x" * 10_000)
    assert said.startswith("Hello xxx")
    assert said.endswith("x…")


def test_a_folder_without_english_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="no en texts"):
        Texts(tmp_path)


@pytest.mark.parametrize(
    ("setting", "code", "chosen"),
    [
        (None, "zh-hans", "zh-CN"),
        (None, "zh-hant", "zh-CN"),
        (None, "zh", "zh-CN"),
        (None, "zh_CN", "zh-CN"),
        ("en", "zh-hans", "en"),
        ("zh-CN", "en", "zh-CN"),
        ("gone", "zh", "zh-CN"),
        (None, "en-GB", "en"),
        (None, "tlh", "en"),
        (None, None, "en"),
    ],
)
def test_the_language_is_the_setting_then_telegrams(
    setting: str | None, code: str | None, chosen: str
) -> None:
    assert Texts(locales_folder()).choose(setting, code) == chosen


def test_the_contract_lines_are_exact_in_english() -> None:
    t = Texts(strict=True).words("en")
    assert t.plan_title(name="fix", version=2) == "📋 [fix] Plan v2"
    assert t.plan_approved(name="fix", version=2) == "👍 [fix] Plan v2 approved"
    assert t.session_completed(name="fix") == "✅ [fix] Completed"
    assert t.branch_merged(name="fix", branch="a", base="main") == "✅ [fix] Merged a → main"
    branch = t.branch_decision(name="fix", branch="a", base="main", commits=1, files=2, added=3, deleted=4)
    assert branch == "🔀 [fix] a → main, 1 commit, 2 files, +3 −4"
    plan = (t.button_approve(), t.button_revise(), t.button_reject())
    assert plan == ("Approve", "Revise", "Reject")
    work = (t.button_merge(), t.button_later(), t.button_discard())
    assert work == ("Merge", "Later", "Discard")
    assert (t.button_yes(), t.button_no()) == ("Yes", "No")


@pytest.mark.parametrize("locale", Texts().locales)
def test_canonical_lines_start_with_their_sign_and_the_session(locale: str) -> None:
    t = Texts(strict=True).words(locale)
    lines = {
        "✅": t.session_completed(name="a"),
        "📋": t.plan_title(name="a", version=1),
        "👍": t.plan_approved(name="a", version=1),
        "❓": t.question_title(name="a"),
        "🔀": t.branch_decision(name="a", branch="b", base="m", commits=1, files=1, added=1, deleted=1),
        "❌": t.session_failed(name="a", reason="r"),
        "⛔": t.session_stopped(name="a"),
        "💤": t.session_suspended(name="a", reason="r"),
        "🚀": t.session_started(name="a"),
    }
    for sign, line in lines.items():
        assert line.startswith(f"{sign} [a]")
