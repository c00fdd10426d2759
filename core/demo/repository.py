"""Makes the demo repository: a tiny word counter with passing tests and one commit on `main`.

Touches only the directory it is given; an existing repository there is left as it is.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

README = """\
# tally

Counts the lines and words of a text.

    python -m tally README.md
    python -m tally --format plain README.md

Run the tests with `python -m unittest`.
"""

INIT = '''\
"""Counts the lines and words of a text."""
'''

COUNT = '''\
"""What is counted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Count:
    """Lines and words of one text."""

    lines: int
    words: int


def count(text: str) -> Count:
    """Count the lines and words of a text."""
    return Count(lines=len(text.splitlines()), words=len(text.split()))
'''

FORMATS = '''\
"""How a count is printed."""

from tally.count import Count


def plain(count: Count) -> str:
    """Return one line for people."""
    return f"{count.lines} lines, {count.words} words"


FORMATS = {
    "plain": plain,
}
'''

MAIN = '''\
"""The command line: `python -m tally [--format NAME] FILE`."""

import argparse
from pathlib import Path

from tally.count import count
from tally.formats import FORMATS


def main() -> None:
    """Print the count of one file."""
    parser = argparse.ArgumentParser(prog="tally")
    parser.add_argument("file", type=Path)
    parser.add_argument("--format", choices=sorted(FORMATS), default="plain")
    given = parser.parse_args()
    print(FORMATS[given.format](count(given.file.read_text())))


if __name__ == "__main__":
    main()
'''

TEST_COUNT = '''\
"""Tests of the counting."""

import unittest

from tally.count import Count, count


class CountTest(unittest.TestCase):
    """Lines and words."""

    def test_an_empty_text_has_nothing(self):
        self.assertEqual(count(""), Count(lines=0, words=0))

    def test_words_are_split_at_any_space(self):
        self.assertEqual(count("one two\\nthree\\tfour five\\n"), Count(lines=2, words=5))
'''

TEST_FORMATS = '''\
"""Tests of the formats."""

import unittest

from tally.count import Count
from tally.formats import FORMATS

COUNT = Count(lines=2, words=5)


class FormatsTest(unittest.TestCase):
    """Each format, with the same count."""

    def test_plain(self):
        self.assertEqual(FORMATS["plain"](COUNT), "2 lines, 5 words")
'''

FILES = {
    "README.md": README,
    ".gitignore": "__pycache__/\n",
    "tally/__init__.py": INIT,
    "tally/__main__.py": MAIN,
    "tally/count.py": COUNT,
    "tally/formats.py": FORMATS,
    "tests/__init__.py": "",
    "tests/test_count.py": TEST_COUNT,
    "tests/test_formats.py": TEST_FORMATS,
}
IDENTITY = {
    "GIT_AUTHOR_NAME": "Leadhand demo",
    "GIT_AUTHOR_EMAIL": "demo@leadhand.invalid",
    "GIT_COMMITTER_NAME": "Leadhand demo",
    "GIT_COMMITTER_EMAIL": "demo@leadhand.invalid",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def create(path: Path) -> None:
    """Make the repository at `path`, unless there is one."""
    if (path / ".git").exists():
        return
    for name, text in FILES.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    _git(path, "init", "--quiet", "--initial-branch=main")
    _git(path, "add", "--all")
    _git(path, "commit", "--quiet", "--message", "Count lines and words")


def _git(path: Path, *args: str) -> None:
    """Run git without the settings of whoever starts the demo."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    subprocess.run(["git", *args], cwd=path, env={**inherited, **IDENTITY}, check=True, capture_output=True)
