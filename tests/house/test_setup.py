"""Set-up names everything that is missing in one line, and does nothing else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT

NEEDED = ("bash", "dirname", "env", "head")
PYTHON = "python ≥ 3.11 with venv (apt-get install python3-venv)"
GIT = "git ≥ 2.38 (apt-get install git)"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with next to nothing on its PATH, and a checkout in a path with spaces."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name in NEEDED:
        (bin_ / name).symlink_to(shutil.which(name) or name)
    shutil.copytree(ROOT / "tools", tmp_path / "a check out/tools")
    return tmp_path


def program(machine: Path, name: str, script: str) -> None:
    (machine / "bin" / name).write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    (machine / "bin" / name).chmod(0o755)


def set_up(machine: Path) -> subprocess.CompletedProcess[str]:
    script = machine / "a check out/tools/setup.sh"
    env = {"PATH": str(machine / "bin")}
    return subprocess.run([script, "runtime"], env=env, cwd="/", check=False, capture_output=True, text=True)


def test_what_is_missing_is_named_in_one_line(machine: Path) -> None:
    run = set_up(machine)
    assert (run.returncode, run.stderr) == (1, f"leadhand needs: {PYTHON}, {GIT}\n")
    assert [path.name for path in (machine / "a check out").iterdir()] == ["tools"]


@pytest.mark.parametrize("version", ["2.37.9", "1.9.1"])
def test_an_old_git_is_not_enough(machine: Path, version: str) -> None:
    program(machine, "git", f"echo git version {version}")
    program(machine, "python3", "exit 0")
    assert set_up(machine).stderr == f"leadhand needs: {GIT}\n"


def test_a_python_without_venv_is_not_enough(machine: Path) -> None:
    program(machine, "git", "echo 'git version 2.38.0.windows.1'")
    program(machine, "python3", 'case "$*" in *ensurepip*) exit 1 ;; esac')
    assert set_up(machine).stderr == f"leadhand needs: {PYTHON}\n"
