"""Rich texts are put together without breaking an entity."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.rich import (
    Entity,
    Rich,
    bold,
    code,
    italic,
    join,
    link,
    plain,
    pre,
    quote,
    splice,
    units,
    verbatim,
)
from bot.text.telegram_entities import telegram_entities
from tests.bot.text.shape import assert_sound, covered

PIECES = st.text(alphabet="ab 🚀中\n`*<", max_size=6)
LEAVES = st.one_of(
    PIECES.map(plain), PIECES.map(code), PIECES.map(bold), PIECES.map(pre), PIECES.map(verbatim)
)
RICH = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(bold),
        inner.map(italic),
        inner.map(quote),
        inner.map(lambda r: link(r, "https://a.b")),
        st.lists(inner, max_size=4).map(join),
    ),
    max_leaves=8,
)


def test_offsets_are_counted_in_utf_16_units() -> None:
    rich = plain("🚀 ") + bold("ok") + " " + code("x")
    assert rich.text == "🚀 ok x"
    assert rich.entities == (Entity("bold", 3, 2), Entity("code", 6, 1))
    assert [covered(rich, e) for e in rich.entities] == ["ok", "x"]
    assert units("🚀中a") == 4


def test_joining_leaves_out_empty_parts() -> None:
    assert join(["a", "", plain(""), "b"]).text == "a\nb"
    assert plain(", ").join(["a", "", "b"]).text == "a, , b"
    assert ("x" + bold("y")).text == "xy"


def test_a_style_pauses_on_code_and_is_not_doubled() -> None:
    rich = bold(join([bold("a"), code("b"), "c"], " "))
    assert [(e.type, covered(rich, e)) for e in rich.entities] == [
        ("bold", "a "),
        ("code", "b"),
        ("bold", " c"),
    ]


def test_quotes_are_never_nested() -> None:
    rich = quote(join(["a", quote("b")]), expandable=True)
    assert [e.type for e in rich.entities] == ["expandable_blockquote"]


def test_verbatim_text_is_not_read_as_markdown() -> None:
    rich = verbatim("**a** <b>\n`c`")
    assert rich.text == "**a** <b>\n`c`"
    assert [e.type for e in rich.entities] == ["expandable_blockquote"]
    assert verbatim("x", fixed=True).entities == (Entity("pre", 0, 1),)


def test_empty_text_has_no_entities() -> None:
    for empty in (
        plain(""),
        bold(""),
        code(""),
        pre("\n"),
        quote(""),
        link("", "https://a.b"),
        verbatim("\n"),
    ):
        assert empty == Rich()
        assert not empty


@settings(deadline=None)
@given(RICH)
def test_any_combination_is_sound(rich: Rich) -> None:
    assert_sound(rich)
    assert_sound(bold(quote(rich, expandable=True)))


@settings(deadline=None)
@given(RICH, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5), PIECES), max_size=5))
def test_splicing_keeps_entities_sound(rich: Rich, wanted: list[tuple[int, int, str]]) -> None:
    edits: list[tuple[int, int, str]] = []
    for start, length, new in sorted(wanted):
        end = min(start + length, len(rich.text))
        if start <= end and (not edits or start > edits[-1][1]):
            edits.append((start, end, new))
    spliced = splice(rich, edits)
    assert_sound(spliced)
    expected, at = "", 0
    for start, end, new in edits:
        expected, at = expected + rich.text[at:start] + new, end
    assert spliced.text == expected + rich.text[at:]


def test_splicing_moves_entities_with_their_text() -> None:
    rich = splice(bold("🚀 key") + " " + code("tail"), [(2, 5, "[redacted]")])
    assert [covered(rich, e) for e in rich.entities] == ["🚀 [redacted]", "tail"]


def test_entities_reach_telegram_one_to_one() -> None:
    rich = link("a", "https://a.b") + pre("x", "python")
    first, second = telegram_entities(rich.entities)
    assert (first.type, first.offset, first.length, first.url) == ("text_link", 0, 1, "https://a.b")
    assert (second.type, second.offset, second.length, second.language) == ("pre", 1, 1, "python")
