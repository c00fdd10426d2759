"""Markdown becomes text with entities: golden corpus, and invariants on random documents."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.markdown import render
from bot.text.pages import pages
from tests.bot.text.shape import assert_sound, covered, shown

GOLDEN = Path(__file__).parent / "golden"
CORPUS = sorted(GOLDEN.glob("*.md"))

MARKUP = st.sampled_from(
    [
        "**", "*", "_", "__", "`", "```", "~~", "# ", "- ", "1. ", "> ", "- [ ] ", "[", "](",
        "](https://a.b)", "!", ")",
        "|", "\n|-|-|\n", "\n", "\n\n", "    ", "  \n", "<b>", "<!--", "]: x", "\\", "&amp;", "---",
        "~~~\n", "“", "中文",
        "🚀", "👨‍👩‍👧", "\u202e", "\ud800", "✅ [x]", "word", " ", "a_b", "x*y", "/", "://", "tg://u",
        "\t", "\0", "\r\n",
    ]
)  # fmt: skip
DOCUMENTS = st.lists(st.one_of(MARKUP, MARKUP, MARKUP, st.text(max_size=8)), max_size=60).map("".join)
FRAMES = st.sampled_from(
    [
        "{}", "**{}**", "*{}*", "`{}`", "# {}", "- {}", "1. {}", "> {}", "> > {}", "- [ ] {}",
        "```\n{}\n```", "```{}\nx\n```",
        "```py {}\nx\n```", "[{}](https://a.b)", "[{}](x.py)", "[x](https://a.b/{})", "[x]({})",
        "![{}](https://a.b)", "<b>{}</b>",
        "<div>\n{}\n</div>", "[{}]: x", "[x]: {}", "|a|b|\n|-|-|\n|{}|2|", "|{}|b|\n|-|-|\n|1|2|",
        "~~{}~~", "__{}__", "<!-- {} -->",
        "- a\n  - {}\n\n  {}", "    {}", "***{}***", "**`{}`**", "[**{}**](https://a.b)",
        "> - {}\n>   - {}", "<https://a.b/{}>", "2*{}*4",
    ]
)  # fmt: skip


def dense(text: str) -> str:
    """Without white space, and without the mark a page may begin with."""
    return "".join(text.replace("›", "").split())


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_corpus_is_rendered_as_recorded(path: Path) -> None:
    rich = render(path.read_text(encoding="utf-8"))
    assert_sound(rich)
    golden = path.with_suffix(".golden")
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(shown(rich), encoding="utf-8")
    assert shown(rich) == golden.read_text(encoding="utf-8")


@settings(deadline=None)
@given(DOCUMENTS)
def test_any_document_gives_sound_entities_and_pages(document: str) -> None:
    rich = render(document)
    assert_sound(rich)
    rich.text.encode()
    whole = pages(rich, limit=40, max_entities=5)
    assert dense("".join(page.text for page in whole)) == dense(rich.text)
    for page in whole:
        assert_sound(page)
        assert 0 < page.units <= 40
        assert len(page.entities) <= 5
        assert page.text.strip()


@settings(deadline=None)
@given(st.lists(FRAMES, max_size=12), st.sampled_from(["\n", "\n\n", " "]))
def test_no_word_of_a_document_is_lost(frames: list[str], between: str) -> None:
    words = [f"word{n}x" for n in range(len(frames))]
    rich = render(between.join(frame.replace("{}", word) for frame, word in zip(frames, words, strict=True)))
    assert_sound(rich)
    haystack = " ".join((rich.text, *(f"{e.url} {e.language}" for e in rich.entities)))
    assert [word for word in words if word not in haystack] == []


@pytest.mark.parametrize("text", ["Vec<String>", "2*3*4", "src/**/*.py", "**kwargs", "__init__", "a\nb"])
def test_text_that_only_looks_like_markup_survives(text: str) -> None:
    assert render(text).text == text
    assert render(text).entities == ()


@pytest.mark.parametrize(
    "line", ["✅ [a] Completed", " 👍🏽 [a] x", "**📋** [a] Plan", "# ⛔ ［a］", "⏰[a]"]
)
def test_a_line_cannot_pass_for_a_canonical_one(line: str) -> None:
    rich = render(f"before\n\n{line}")
    assert rich.text.splitlines()[-1].startswith("› ")
    assert_sound(rich)


def test_only_web_telegram_and_mail_links_become_links() -> None:
    rich = render(
        "[a](https://x.y) [b](tg://user?id=1) [c](mailto:a@b.c) [d](javascript:x) [e](file:///etc) [f](//x.y)"
    )
    assert [covered(rich, e) for e in rich.entities] == ["a", "b", "c"]
    assert "d (javascript:x) e (file:///etc) f (//x.y)" in rich.text


def test_code_that_is_nested_deeply_does_not_overflow() -> None:
    assert_sound(render("> " * 2000 + "x"))
    assert_sound(render("".join("  " * n + "- x\n" for n in range(300))))
    assert_sound(render("*" * 5000 + "x" + "*" * 5000))
    assert_sound(render("[" * 5000 + "x" + "](y)" * 5000))


@pytest.mark.parametrize("seed", ["plan", "stars-in-code", "links", "table-wide", "definitions", "imitation"])
def test_rendering_time_grows_with_the_size_only(seed: str) -> None:
    piece = (GOLDEN / f"{seed}.md").read_text(encoding="utf-8") + "\n\n"

    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        start = time.perf_counter()
        pages(render(text))
        return time.perf_counter() - start

    small = min(seconds(25_000) for _ in range(3))
    large = min(seconds(100_000) for _ in range(2))
    assert large < small * 12 + 0.05
    assert large < 2
