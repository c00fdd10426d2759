"""The change the demo agent makes: one more output format for the demo repository. Pure.

Every format brings the code, the test and the sentence for the plan; what is there already is not offered.
"""

from __future__ import annotations

from dataclasses import dataclass

CODE_FILE = "tally/formats.py"
TEST_FILE = "tests/test_formats.py"
MARK = "FORMATS = {\n"


@dataclass(frozen=True, slots=True)
class Format:
    """One output format."""

    name: str
    label: str
    about: str
    result: str  # the Python expression that prints a count
    expected: str  # what it prints for 2 lines and 5 words

    @property
    def code(self) -> str:
        """The function."""
        return (
            f'def {self.name}(count: Count) -> str:\n    """Return {self.about}."""\n    {self.result}\n\n\n'
        )

    @property
    def test(self) -> str:
        """The test method."""
        check = f'self.assertEqual(FORMATS["{self.name}"](COUNT), {self.expected!r})'
        return f"\n    def test_{self.name}(self):\n        {check}\n"


KNOWN = (
    Format(
        "json",
        "JSON",
        "an object for programs",
        """return f'{{"lines": {count.lines}, "words": {count.words}}}'""",
        '{"lines": 2, "words": 5}',
    ),
    Format(
        "csv",
        "CSV",
        "a header and one row for spreadsheets",
        'return f"lines,words\\n{count.lines},{count.words}"',
        "lines,words\n2,5",
    ),
    Format(
        "markdown",
        "Markdown table",
        "a table for reports",
        'return f"| lines | words |\\n| --- | --- |\\n| {count.lines} | {count.words} |"',
        "| lines | words |\n| --- | --- |\n| 2 | 5 |",
    ),
    Format(
        "pairs",
        "key=value",
        "one pair a line for shell scripts",
        'return f"lines={count.lines}\\nwords={count.words}"',
        "lines=2\nwords=5",
    ),
    Format(
        "xml",
        "XML",
        "one element for older programs",
        'return f\'<count lines="{count.lines}" words="{count.words}"/>\'',
        '<count lines="2" words="5"/>',
    ),
)


BY_NAME = {one.name: one for one in KNOWN}


def missing(code: str) -> list[Format]:
    """Return the formats the code does not have yet."""
    return [one for one in KNOWN if f'"{one.name}": {one.name},' not in code]


def chosen(answer: str, offered: list[Format]) -> Format:
    """Return the format an answer means: its label, or the first one its words name."""
    for one in offered:
        if one.label.lower() in answer.lower() or one.name in answer.lower():
            return one
    return offered[0]


def with_code(code: str, wanted: Format) -> str:
    """Return the code with the format in it; twice is once."""
    if wanted not in missing(code):
        return code
    head, mark, table = code.partition(MARK)
    return head + wanted.code + mark + table.replace("}", f'    "{wanted.name}": {wanted.name},\n}}', 1)


def with_test(tests: str, wanted: Format) -> str:
    """Return the tests with one for the format; twice is once."""
    if f"def test_{wanted.name}(" in tests:
        return tests
    return tests.rstrip("\n") + "\n" + wanted.test
