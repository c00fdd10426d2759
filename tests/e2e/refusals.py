"""Runs a command of `leadhand` that must refuse, and sees that nothing was changed."""

from __future__ import annotations

import os
from pathlib import Path

from tests.rig import ROOT, Leadhand

TOKEN = "100001:abcdefghijklmnopqrstuvwxyzabcdefghi"


def snapshot(folder: Path) -> dict[str, bytes]:
    """Everything below a folder; the lock and an index that SQLite may read are no change."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"/"
        for path in sorted(folder.rglob("*"))
        if path.name != "run.lock"
    }


def leadhand(home: Path, **environ: str) -> Leadhand:
    """A Leadhand with little in its environment."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ}
    made = {"HOME": str(home.parent), "PYTHONPATH": str(ROOT), "LEADHAND_HOME": str(home), **environ}
    return Leadhand(home, {**kept, **made})


async def refused(lead: Leadhand, *args: str, code: int = 1) -> str:
    """Run a command that must fail; returns the one line it says on stderr."""
    before = snapshot(lead.home) if lead.home.is_dir() else None
    found, out, err = await lead.run(*(args or ("run",)))
    assert found == code, (found, out, err)
    assert out == ""
    said = [line for line in err.splitlines() if line.startswith("leadhand:")]
    assert len(said) == 1, err
    assert "Traceback" not in err
    assert TOKEN.partition(":")[2] not in err
    after = snapshot(lead.home) if lead.home.is_dir() else None
    assert after == before
    return said[0]
