"""The sandbox stands alone: of third parties only aiohttp, and telegram in its request module only."""

import ast
import sys
from pathlib import Path

from bot import sandbox

ROOT = Path(sandbox.__path__[0])


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_it_imports_only_itself_aiohttp_and_the_standard_library() -> None:
    for path in ROOT.rglob("*.py"):
        allowed = {"aiohttp", *sys.stdlib_module_names} | (
            {"telegram"} if path.name == "request.py" else set()
        )
        foreign = {
            name
            for name in imported(path)
            if name.split(".", maxsplit=1)[0] not in allowed and not name.startswith("bot.sandbox")
        }
        assert foreign == set(), path.name


def test_the_page_loads_nothing_from_elsewhere() -> None:
    for path in (ROOT / "page").iterdir():
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, path.name
        assert "https://" not in text, path.name
        assert "style=" not in text or path.suffix != ".html", "the policy forbids inline styles"
