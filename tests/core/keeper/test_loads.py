"""The keeper stays small because of what it does not import."""

from __future__ import annotations

import subprocess
import sys

LOADED = "import sys, core.keeper.daemon; print(' '.join(sys.modules))"
HEAVY = {
    "asyncio",
    "dataclasses",
    "inspect",
    "pathlib",
    "hashlib",
    "ssl",
    "logging",
    "traceback",
    "ctypes",
}


def test_the_keeper_imports_nothing_else_of_ours_and_nothing_heavy() -> None:
    path = [entry for entry in sys.path if entry]
    code = f"import sys; sys.path[:0] = {path!r}; {LOADED}"
    out = subprocess.run(
        [sys.executable, "-S", "-c", code], check=True, capture_output=True, text=True
    ).stdout
    loaded = set(out.split())
    assert {name for name in loaded if name.startswith(("core.", "bot"))} == {
        name for name in loaded if name.startswith("core.keeper")
    }
    assert not loaded & HEAVY
