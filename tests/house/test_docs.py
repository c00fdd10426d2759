"""The documents say what the code does: generated parts are current, links resolve, pages stay short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files, modules, read
from tools import docs

PAGES = [file for file in files() if file.suffix == ".md" and file.parts[0] not in {"tests", "locales"}]
LINK = re.compile(r"\]\(([^)\s#]*)(#[\w-]+)?\)")
LINES = {"README.md": 200, "AGENTS.md": 60, "CHANGELOG.md": 1000}


def test_the_parts_the_code_knows_best_are_current() -> None:
    assert not docs.outdated(write=False), "`make texts` writes them"


def test_every_part_stands_on_a_page() -> None:
    text = "".join((ROOT / page).read_text("utf-8") for page in PAGES)
    assert [name for name in docs.PARTS if f"<!-- begin: {name} -->" not in text] == []


def test_every_chat_command_has_a_description() -> None:
    assert [row for row in docs.chat_commands().splitlines() if row.endswith("|  |")] == []


def test_every_environment_variable_is_documented() -> None:
    named = {
        name
        for file in modules("bot", "core")
        for name in re.findall(r"\bLEADHAND_[A-Z_]*[A-Z]\b", read(file))
    }
    page = (ROOT / "docs/configuration.md").read_text("utf-8")
    assert {name for name in named if not re.search(rf"`{name}[A-Z_]*`", page)} == set()


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    dead = []
    for target, anchor in LINK.findall((ROOT / page).read_text("utf-8")):
        if "://" in target:
            continue
        file = (ROOT / page.parent / target).resolve() if target else ROOT / page
        if not file.exists() or (anchor and anchor[1:] not in anchors(file)):
            dead.append(target + anchor)
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_stays_short(page: Path) -> None:
    assert len((ROOT / page).read_text("utf-8").splitlines()) <= LINES.get(str(page), 150)
