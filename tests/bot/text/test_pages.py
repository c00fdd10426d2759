"""Long texts are cut where a reader would cut them."""

from bot.text.pages import pages
from bot.text.rich import Rich, bold, code, join, plain, pre, quote
from tests.bot.text.shape import assert_sound, covered


def texts(rich: Rich, limit: int) -> list[str]:
    return [page.text for page in pages(rich, limit=limit)]


def test_a_short_text_is_one_page_as_it_is() -> None:
    rich = bold("a") + " b"
    assert pages(rich) == [rich]
    assert pages(Rich()) == []
    assert pages(plain(" \n ")) == []


def test_cuts_go_to_a_paragraph_then_a_line_then_a_space_then_anywhere() -> None:
    assert texts(plain("aaaaaa\n\nbb\ncc cc"), 12) == ["aaaaaa", "bb\ncc cc"]
    assert texts(plain("aaaa\nbb bb\ncc cc"), 12) == ["aaaa\nbb bb", "cc cc"]
    assert texts(plain("aaaa bbbb cccc"), 11) == ["aaaa bbbb", "cccc"]
    assert texts(plain("a" * 25), 10) == ["a" * 10, "a" * 10, "a" * 5]


def test_a_nice_cut_does_not_leave_a_page_almost_empty() -> None:
    assert texts(plain("a\n\n" + "b" * 9 + " " + "c" * 9), 14) == ["a\n\n" + "b" * 9, "c" * 9]


def test_a_surrogate_pair_is_never_split() -> None:
    assert [page.units for page in pages(plain("🚀" * 5000))] == [4096, 4096, 1808]
    assert [page.units for page in pages(plain("x" + "🚀" * 5000))] == [4095, 4096, 1810]


def test_a_code_block_is_opened_again_with_its_language() -> None:
    block = pre("\n".join(f"line {n} 🚀" for n in range(900)), "python")
    whole = pages(join(["before", block, "after"]))
    assert len(whole) > 2
    for page in whole:
        assert_sound(page)
        assert [(e.type, e.language) for e in page.entities] == [("pre", "python")]
    assert "\n".join(covered(p, p.entities[0]) for p in whole) == block.text


def test_no_page_has_more_entities_than_telegram_takes() -> None:
    rich = join([bold(f"w{n}") for n in range(300)], " ")
    whole = pages(rich)
    assert [len(page.entities) for page in whole] == [100, 100, 100]
    assert sum(len(page.entities) for page in whole) == 300


def test_a_quote_over_the_cut_counts_on_every_page() -> None:
    rich = quote(join([code(f"w{n}") for n in range(250)], " "))
    whole = pages(rich)
    assert [len(page.entities) for page in whole] == [100, 100, 53]
    assert all(page.entities[0].type == "blockquote" for page in whole)
    for page in whole:
        assert_sound(page)


def test_a_page_never_begins_like_a_canonical_line_of_the_bot() -> None:
    first, second = pages(plain("word " * 3 + "✅ [a] Completed"), limit=22)
    assert first.text == "word word word ✅ [a]"
    first, second = pages(plain("word " * 3 + "✅ [a] Completed"), limit=19)
    assert (first.text, second.text) == ("word word word ✅", "[a] Completed")
    first, second = pages(plain("word " * 3 + "✅[a] Completed"), limit=18)
    assert second.text == "› ✅[a] Completed"
    for page in pages(plain("✅[a] 🚀" * 400) + bold("✅ [a]" * 400), limit=40):
        assert_sound(page)
        assert page.units <= 40
    quoted = pages(quote("word " * 3 + "✅[a] Completed"), limit=18)
    assert quoted[1].text == "✅[a] Completed"
