"""The tree the house tests look at: the files git knows or would add, and their syntax."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("bot", "core", "bench", "tools")


@cache
def files() -> tuple[Path, ...]:
    """Return every file of the project, relative to its root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(sorted(Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()))


def modules(*folders: str) -> list[Path]:
    """Return the Python files below these folders."""
    return [file for file in files() if file.suffix == ".py" and file.parts[0] in folders]


@cache
def read(file: Path) -> str:
    """Return the text of a file."""
    return (ROOT / file).read_text("utf-8")


@cache
def syntax(file: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(read(file), str(file))


def is_generated(file: Path) -> bool:
    """Tell whether a module says that a program wrote it."""
    return "generated" in (ast.get_docstring(syntax(file)) or "").lower()
