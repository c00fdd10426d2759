"""What the small programs load: the keeper and `lh` must start fast and stay independent of the rest."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.house.tree import ROOT, modules, syntax

SMALL = {"core.lh": "core.lh.main", "core.keeper": "core.keeper.__main__"}
LOADED = "import importlib, sys; importlib.import_module(sys.argv[1]); print(*sys.modules)"


def existing(package: str) -> str:
    if not (ROOT / package.replace(".", "/")).is_dir():
        pytest.skip(f"{package} is not there yet")
    return package


def loaded_by(module: str) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-c", LOADED, module], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return set(run.stdout.split())


@pytest.mark.parametrize("package", SMALL)
def test_a_small_program_loads_only_its_own_modules(package: str) -> None:
    ours = {name for name in loaded_by(SMALL[existing(package)]) if name.split(".")[0] in {"bot", "core"}}
    strangers = {name for name in ours if name != "core" and not f"{name}.".startswith(f"{package}.")}
    assert not strangers


def test_the_agents_client_does_not_load_an_event_loop() -> None:
    assert not {"asyncio", "pydantic", "telegram", "importlib.metadata"} & loaded_by("core.lh.main")


@pytest.mark.parametrize(
    ("package", "allowed"), [("core.keeper", {"ptyprocess"}), ("core.lh", set()), ("core.control", set())]
)
def test_a_package_imports_only_the_standard_library_and_what_it_may(package: str, allowed: set[str]) -> None:
    ours = {"core.keeper", "core.lh"} if package != "core.control" else {"core"}
    folder = ROOT / existing(package).replace(".", "/")
    strangers = {
        f"{file}: {name}"
        for file in modules("core")
        if (ROOT / file).is_relative_to(folder)
        for name in imported(syntax(file))
        if name.split(".")[0] not in sys.stdlib_module_names | allowed
        and not any(f"{name}.".startswith(f"{own}.") for own in ours)
    }
    assert not strangers


def imported(tree: ast.Module) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or ".")
    return names
