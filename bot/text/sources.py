"""Reads the .ftl files as syntax trees, for the generator and the checker. The running bot never does."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fluent.syntax import FluentParser, ast, serializer
from fluent.syntax.visitor import Visitor

PLURALS = frozenset({"zero", "one", "two", "few", "many", "other"})


@dataclass(frozen=True, slots=True)
class Choice:
    """One `{ $variable -> [key] … }` of a text; `keys` are its variants."""

    variable: str
    keys: tuple[str, ...]

    @property
    def is_plural(self) -> bool:
        """Whether the variants are plural forms of a number."""
        return all(key in PLURALS or key.isdigit() for key in self.keys)


@dataclass(frozen=True, slots=True)
class Entry:
    """One text: a message's value or one of its attributes (`key.attribute`)."""

    key: str
    file: str
    line: int
    text: str
    variables: tuple[str, ...]
    choices: tuple[Choice, ...]
    numbers: frozenset[str]

    @property
    def method(self) -> str:
        """The Python name of the text."""
        return self.key.replace("-", "_").replace(".", "_")


@dataclass(frozen=True, slots=True)
class Broken:
    """A piece of a file that is not Fluent."""

    file: str
    line: int
    reason: str


def entries(folder: Path) -> Iterator[Entry | Broken]:
    """Read every text of one language, in file order."""
    for path in sorted(folder.glob("*.ftl")):
        source = path.read_text(encoding="utf-8")
        for item in FluentParser().parse(source).body:
            line = source.count("\n", 0, item.span.start if item.span else 0) + 1
            if isinstance(item, ast.Junk):
                yield Broken(
                    path.name, line, str(item.annotations[0].message) if item.annotations else "syntax"
                )
            elif isinstance(item, ast.Message):
                if item.value:
                    yield _entry(item.id.name, path.name, line, item.value)
                for attribute in item.attributes:
                    yield _entry(f"{item.id.name}.{attribute.id.name}", path.name, line, attribute.value)


class _Uses(Visitor):
    """Collects what a pattern needs from its caller."""

    def __init__(self) -> None:
        self.variables: list[str] = []
        self.choices: list[Choice] = []
        self.numbers: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802 - the visitor's protocol
        if node.id.name not in self.variables:
            self.variables.append(node.id.name)

    def visit_FunctionReference(self, node: ast.FunctionReference) -> None:  # noqa: N802
        self.numbers |= {a.id.name for a in node.arguments.positional if isinstance(a, ast.VariableReference)}
        self.generic_visit(node)

    def visit_SelectExpression(self, node: ast.SelectExpression) -> None:  # noqa: N802
        if isinstance(node.selector, ast.VariableReference):
            keys = (v.key.name if isinstance(v.key, ast.Identifier) else v.key.value for v in node.variants)
            choice = Choice(node.selector.id.name, tuple(keys))
            self.choices.append(choice)
            if choice.is_plural:
                self.numbers.add(choice.variable)
        self.generic_visit(node)


def _entry(key: str, file: str, line: int, pattern: ast.Pattern) -> Entry:
    uses = _Uses()
    uses.visit(pattern)
    text = serializer.serialize_pattern(pattern).strip()
    return Entry(key, file, line, text, tuple(uses.variables), tuple(uses.choices), frozenset(uses.numbers))
