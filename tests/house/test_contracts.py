"""Each import contract is seen to fail: a copy of the tree breaks it on purpose and the linter names it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files

Breach = tuple[str, dict[str, str], str]  # contract, files that break it, what the linter must print

BREACHES: dict[str, Breach] = {
    "the core imports the bot": (
        "direction",
        {"core/control/breach.py": "import bot"},
        "core.control.breach -> bot",
    ),
    "a module without a place": ("layers", {"core/misc.py": ""}, "- core.misc"),
    "control imports the host": (
        "layers",
        {"core/control/breach.py": "import core.host.breach", "core/host/breach.py": ""},
        "core.control.breach -> core.host.breach",
    ),
    "the host imports control, for types only": (
        "layers",
        {
            "core/host/breach.py": "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    import core.control.breach",
            "core/control/breach.py": "",
        },
        "core.host.breach -> core.control.breach",
    ),
    "the keeper imports a port": (
        "layers",
        {"core/keeper/breach.py": "import core.ports"},
        "core.keeper.breach -> core.ports",
    ),
    "the bot goes past the door": (
        "door",
        {"bot/breach.py": "from core.control import breach", "core/control/breach.py": ""},
        "bot.breach -> core.control.breach",
    ),
    "a rule uses pydantic, inside a function": (
        "rules",
        {"core/control/breach.py": "def f():\n    import pydantic"},
        "core.control.breach -> pydantic",
    ),
    "the host knows Telegram": (
        "telegram",
        {"core/host/breach.py": "from telegram import Bot"},
        "core.host.breach -> telegram",
    ),
    "a link opens a database": (
        "borders",
        {"core/links/breach.py": "import aiosqlite"},
        "core.links.breach -> aiosqlite",
    ),
    "the small client uses a web library": (
        "small",
        {"core/lh/breach.py": "import aiohttp"},
        "core.lh.breach -> aiohttp",
    ),
    "a rule talks to the keeper": (
        "keeper",
        {"core/control/breach.py": "import core.keeper.breach", "core/keeper/breach.py": ""},
        "core.control.breach -> core.keeper.breach",
    ),
    "one driver uses another": (
        "drivers",
        {"core/host/agents/one.py": "import core.host.agents.two", "core/host/agents/two.py": ""},
        "core.host.agents.one -> core.host.agents.two",
    ),
}


def lint(tree: Path, contract: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    command += ["--no-cache", "--no-logo", "--contract", contract]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for file in files():
        if file.parts[0] in {"bot", "core", "pyproject.toml"}:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


@pytest.mark.parametrize("name", BREACHES)
def test_a_breach_breaks_its_contract(tree: Path, name: str) -> None:
    contract, broken_by, named = BREACHES[name]
    for file, text in broken_by.items():
        target = tree / file
        target.parent.mkdir(parents=True, exist_ok=True)
        (target.parent / "__init__.py").touch()
        target.write_text(text + "\n", "utf-8")
    run = lint(tree, contract)
    assert run.returncode == 1, run.stderr
    assert "1 broken" in run.stdout
    assert named in run.stdout


def test_every_contract_has_a_breach() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = {contract["id"] for contract in settings["tool"]["importlinter"]["contracts"]}
    assert contracts == {contract for contract, _, _ in BREACHES.values()}
