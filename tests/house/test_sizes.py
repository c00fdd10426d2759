"""Sizes and names: no module, function, Protocol or package outgrows what one person can hold in mind."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.house.tree import CODE, is_generated, modules, read, syntax

MODULE_LINES = 400
FUNCTION_LINES = 40
PROTOCOL_METHODS = 7
SEAM_METHODS = 12  # links and drivers have more to say
PACKAGE_MODULES = 28
WIDE = {"bot/sandbox": 36}  # Telegram has that many nouns
BANNED = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "base"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def test_no_module_is_longer_than_its_limit() -> None:
    long = {
        str(file): lines
        for file in modules(*CODE, "tests")
        if (lines := len(read(file).splitlines())) > MODULE_LINES and not is_generated(file)
    }
    assert not long, f"more than {MODULE_LINES} lines: {long}"


@pytest.mark.parametrize(("folders", "limit"), [(CODE, FUNCTION_LINES), (("tests",), 60)])
def test_no_function_is_longer_than_its_limit(folders: tuple[str, ...], limit: int) -> None:
    long = {
        f"{file}:{node.lineno} {node.name}": lines
        for file in modules(*folders)
        for node in functions(syntax(file))
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > limit
    }
    assert not long, f"more than {limit} lines: {long}"


def is_property(function: Function) -> bool:
    return any(ast.unparse(decorator) == "property" for decorator in function.decorator_list)


def protocols() -> Iterator[tuple[str, int]]:
    for file in modules("bot", "core"):
        for node in ast.walk(syntax(file)):
            if isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(b) for b in node.bases):
                methods = [m for m in node.body if isinstance(m, Function) and not is_property(m)]
                yield node.name, len(methods)


def test_no_protocol_asks_for_more_than_its_limit() -> None:
    wide = {
        name: count
        for name, count in protocols()
        if count > (SEAM_METHODS if name.endswith(("Link", "Driver")) else PROTOCOL_METHODS)
    }
    assert not wide, f"more than {PROTOCOL_METHODS} methods ({SEAM_METHODS} for links and drivers): {wide}"


def test_no_package_holds_too_many_modules() -> None:
    sizes = Counter(str(file.parent) for file in modules("bot", "core") if not file.stem.startswith("__"))
    full = {package: count for package, count in sizes.items() if count > WIDE.get(package, PACKAGE_MODULES)}
    assert not full, f"more than {PACKAGE_MODULES} modules: {full}"


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [str(file) for file in modules(*CODE, "tests") if BANNED & {*file.parts[:-1], file.stem}]
    assert not vague, f"banned names: {vague}"


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(file)
        for file in modules(*CODE, "tests")
        if len((ast.get_docstring(syntax(file)) or "").split()) < 3
    ]
    assert not silent, f"no docstring of one or two sentences: {silent}"
