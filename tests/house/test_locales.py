"""Every language can be shipped, and each rule is seen to bite."""

from collections.abc import Callable, Iterator
from pathlib import Path
from string import Formatter

import pytest

from bot.text.check import check, unused
from bot.text.locales import locales_folder
from bot.text.sources import Entry, entries
from core.errors import LeadhandError
from core.states import ErrorKind

ROOT = Path(__file__).parents[2]

RUSSIAN = "[one] o\n [few] f\n [many] m\n *[other] x\n"
Catalogue = Callable[..., Path]


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """Write a catalogue of English and one other language."""

    def write(english: str, other: str = "", locale: str = "ru") -> Path:
        for name, text in (("en", english), (locale, other)):
            (tmp_path / name).mkdir()
            (tmp_path / name / "a.ftl").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def rules(folder: Path) -> set[str]:
    return {problem.rule for problem in check(folder)}


def test_the_texts_have_no_problem() -> None:
    assert [str(problem) for problem in check(locales_folder())] == []


def test_no_text_is_left_over() -> None:
    by_field = {error.key for error in _family(LeadhandError)}
    by_field |= {key for kind in ErrorKind for key in _failure(kind)}
    assert [key for key in unused(locales_folder(), ROOT / "bot") if key not in by_field] == []


def test_a_good_catalogue_passes(catalogue: Catalogue) -> None:
    english = "a = { $n ->\n [one] one\n *[other] { $n }\n } of { $who }\n    .b = x\n"
    other = "a = { $n ->\n [one] o\n [few] f\n [many] m\n *[other] { $n }\n } { $who }\n    .b = y\n"
    assert [str(p) for p in check(catalogue(english, other))] == []


@pytest.mark.parametrize(
    ("rule", "english", "other"),
    [
        ("syntax", "a = { $n\n", ""),
        ("syntax", "a = b\n", "a = b\nc\n"),
        ("twice", "a = b\na = c\n", "a = b\n"),
        ("missing", "a = b\nc = d\n", "a = b\n"),
        ("missing", "a = b\n    .c = d\n", "a = b\n"),
        ("unknown", "a = b\n", "a = b\nc = d\n"),
        ("variables", "a = { $session }\n", "a = { $sesion }\n"),
        ("variables", "a = { $n }\n", "a = b\n"),
        ("plural", "a = { $n ->\n *[other] x\n }\n", f"a = {{ $n ->\n {RUSSIAN} }}\n"),
        ("plural", "a = { $n ->\n [one] o\n *[other] x\n }\n", "a = { $n ->\n [one] o\n *[other] x\n }\n"),
        ("words", "a = Done!\n", "a = b\n"),
        ("words", "a = b\n", "a = 完成！\n"),
        ("words", "a = Please wait\n", "a = b\n"),
        ("words", "a = Wait...\n", "a = b\n"),
        ("html", "a = <b>x</b>\n", "a = b\n"),
        ("html", "a = x &amp; y\n", "a = b\n"),
        ("characters", "a = b\u200bc\n", "a = b\n"),
        ("length", "button-a = " + "x" * 30 + "\n", "button-a = b\n"),
    ],
)  # fmt: skip
def test_each_rule_bites(catalogue: Catalogue, rule: str, english: str, other: str) -> None:
    assert rules(catalogue(english, other)) == {rule}


def test_a_text_in_another_file_than_in_english_is_found(catalogue: Catalogue) -> None:
    folder = catalogue("a = b\n", "a = b\n")
    (folder / "ru" / "a.ftl").rename(folder / "ru" / "z.ftl")
    assert rules(folder) == {"family"}


def test_a_text_nobody_says_is_found(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = catalogue("by-method = a\nby-key = b\n    .too = b\nnever = c\n")
    code = tmp_path / "code"
    (code / "keys").mkdir(parents=True)
    (code / "card.py").write_text('t.by_method()\nt.get("by-key")\nt.by_key_too()\n')
    (code / "keys" / "cards.py").write_text('self.get("never")\n')
    assert unused(folder, code) == ["never"]


def test_every_error_and_every_kind_of_failure_has_its_text() -> None:
    texts = {entry.key: entry for entry in entries(locales_folder() / "en") if isinstance(entry, Entry)}
    for error in _family(LeadhandError):
        text = texts[error.key]
        fields = {name for _, name, _, _ in Formatter().parse((error.__doc__ or "").splitlines()[0]) if name}
        assert set(text.variables) <= fields, f"{error.__name__} does not tell {text.variables}"
    for key in (key for kind in ErrorKind for key in _failure(kind)):
        assert set(texts[key].variables) <= {"agent"}


def _failure(kind: ErrorKind) -> tuple[str, str]:
    key = f"agent-{kind.replace('_', '-')}"
    return key, f"{key}.next"


def _family(error: type[LeadhandError]) -> Iterator[type[LeadhandError]]:
    yield error
    for child in error.__subclasses__():
        yield from _family(child)
