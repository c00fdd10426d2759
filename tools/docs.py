"""Writes the parts of docs/ that the code knows best; with --check only says which of them are out of date.

A part stands between `<!-- begin: name -->` and `<!-- end: name -->`.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from enum import EnumType
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bot.cli.main import parser  # noqa: E402
from core import config, errors, events  # noqa: E402

NAMED_TABLES = {"projects": config.Project, "agents": config.Agent}


def help_pages() -> str:
    """Return `leadhand --help` and the help of each subcommand."""
    return "\n\n".join(f"```text\n{page}\n```" for page in _pages(parser()))


def _pages(command: argparse.ArgumentParser) -> Iterator[str]:
    command.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=100)
    if hasattr(command, "color"):  # from Python 3.14 on
        command.color = False
    yield command.format_help().strip()
    for action in command._actions:  # noqa: SLF001 - argparse has no public way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for sub in action.choices.values():
                yield from _pages(sub)


def chat_commands() -> str:
    """Return the chat commands with the descriptions Telegram shows."""
    said = dict(re.findall(r"^command-(\w+) = (.*)$", _text("locales/en/commands.ftl"), re.MULTILINE))
    rows = [f"| `/{name}` | {said.get(name, '')} |" for name in command_names()]
    return _table("command", "what it does", rows)


def command_names() -> list[str]:
    """Return the names in the dispatcher's table, read without loading the bot."""
    for node in ast.parse(_text("bot/dispatch.py")).body:
        match node:
            case ast.AnnAssign(target=ast.Name("COMMANDS"), value=ast.Dict(keys=keys)):
                return [str(key.value) for key in keys if isinstance(key, ast.Constant)]
            case _:
                pass
    raise LookupError("bot/dispatch.py has no table COMMANDS")


def settings() -> str:
    """Return every key of `leadhand.toml` with its values and default."""
    rows = []
    for table, field in config.Settings.model_fields.items():
        model: Any = NAMED_TABLES.get(table, field.annotation)
        name = f"{table}.<name>" if table in NAMED_TABLES else table
        for key, value in model.model_fields.items():
            rows.append(f"| `[{name}]` | `{key}` | {_values(value.annotation)} | {_default(value)} |")
    return "\n".join(["| table | key | value | default |", "| --- | --- | --- | --- |", *rows])


def _values(kind: Any) -> str:
    """Say in a word or two what a key takes."""
    parts = [part for part in (get_args(kind) or (kind,)) if part is not type(None)]
    choices = [str(getattr(member, "value", member)) for member in _members(parts)]
    if choices:
        return ", ".join(f"`{choice}`" for choice in choices)
    parts = [get_args(part)[0] if get_origin(part) is Annotated else part for part in parts]
    words = {str: "text", int: "number", Path: "path", bool: "`true`, `false`"}
    if len(parts) == 1 and parts[0] in words:
        return words[parts[0]]
    return "table" if get_origin(kind) is dict else "list of text"


def _members(parts: list[Any]) -> list[Any]:
    """Return the choices of a Literal or of an enumeration."""
    if isinstance(parts[0], EnumType):
        return list(parts[0])
    return [part for part in parts if isinstance(part, str)]


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    if field.default_factory is not None or field.default is None:
        return "–"
    return f"`{getattr(field.default, 'value', field.default)}`"


def error_list() -> str:
    """Return every error with its message."""
    ours = [kind for kind in _kinds(errors.LeadhandError) if kind.__module__ == errors.__name__]
    leaves = [
        kind for kind in ours if not any(issubclass(other, kind) for other in ours if other is not kind)
    ]
    rows = [f"| `{kind.__name__}` | {_first_line(kind)} |" for kind in leaves]
    return _table("error", "what it says", rows)


def _kinds(kind: type[Exception]) -> Iterator[type[Exception]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _kinds(sub)


def event_list() -> str:
    """Return every event with what it says."""
    rows = [f"| `{kind.kind}` | {_first_line(kind)} |" for kind in get_args(events.Event)]
    return _table("event", "when", rows)


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0].replace("|", "\\|")


def _table(left: str, right: str, rows: list[str]) -> str:
    return "\n".join([f"| {left} | {right} |", "| --- | --- |", *rows])


PARTS = {
    "help": help_pages,
    "chat commands": chat_commands,
    "settings": settings,
    "errors": error_list,
    "events": event_list,
}


def _text(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def filled(text: str) -> str:
    """Return a page with its parts written anew."""

    def part(match: re.Match[str]) -> str:
        return f"{match[1]}\n\n{PARTS[match[2]]()}\n\n{match[3]}"

    return re.sub(r"(<!-- begin: ([\w ]+) -->).*?(<!-- end: \2 -->)", part, text, flags=re.DOTALL)


def outdated(*, write: bool) -> list[Path]:
    """Return the pages whose parts differ from what the code says; with `write` put them right."""
    stale = []
    for page in sorted((ROOT / "docs").glob("*.md")):
        text = page.read_text("utf-8")
        if (wanted := filled(text)) != text:
            stale.append(page.relative_to(ROOT))
            if write:
                page.write_text(wanted, "utf-8")
    return stale


def main() -> int:
    """Write the parts, or check them."""
    check = "--check" in sys.argv[1:]
    stale = outdated(write=not check)
    if check and stale:
        sys.stderr.write(f"out of date, `make texts` writes them: {', '.join(map(str, stale))}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
