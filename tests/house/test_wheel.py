"""What is installed: two top-level names, everything that is not code inside them, both commands working."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def call(*command: str | Path, cwd: Path) -> str:
    """Run without the environment of the tests, which may point at the checkout."""
    env = {"PATH": os.environ["PATH"]}
    return subprocess.run(command, cwd=cwd, env=env, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    for file in files():
        (tree / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tree / file)
    call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, cwd=tree)
    return next(out.glob("*.whl"))


def test_the_wheel_carries_everything_but_the_tests(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {str(file) for file in files() if file.parts[0] in {"bot", "core"}}
    wanted |= {f"bot/{file}" for file in files() if file.parts[0] == "locales" and file.suffix == ".ftl"}
    assert wanted - inside == set()
    assert {name.split("/")[0] for name in inside} - {"bot", "core"} == {"leadhand-0.1.0.dist-info"}


def test_an_installed_wheel_runs_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "an environment"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin/python"
    call(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        wheel,
        cwd=tmp_path,
    )
    assert call(home / "bin/lh", "--version", cwd=tmp_path) == "lh 0.1.0\n"
    assert "run" in call(home / "bin/leadhand", "--help", cwd=tmp_path)
    site = next(home.glob("lib/python3*/site-packages"))
    assert {path.name for path in site.iterdir()} - {"__pycache__"} == {
        "bot",
        "core",
        "leadhand-0.1.0.dist-info",
    }
    assert call(
        python, "-P", "-c", "import core.keeper, core.lh.main as m; print(m.__file__)", cwd=tmp_path
    ).startswith(str(site))
