"""How long the two commands take to say `--help`, against a Python that does nothing."""

from __future__ import annotations

import subprocess
import sys
import time

from bench.result import Goal, Result, pairs, repeats
from bench.rig import ROOT

REPEATS = 20
NOTHING = ("-c", "pass")
# What the installed console scripts do.
LEADHAND = ("-c", "import sys; from bot.cli.main import main; sys.exit(main())", "--help")
LH = ("-c", "import sys; from core.lh.main import main; sys.exit(main())", "--help")
LIMIT = 8.0


def run() -> list[Result]:
    """Run the three in turn, so that what else the machine does meets them alike."""
    times: dict[tuple[str, ...], list[float]] = {NOTHING: [], LEADHAND: [], LH: []}
    for _ in range(repeats(REPEATS)):
        for command, taken in times.items():
            taken.append(_time(command))
    nothing, against = times[NOTHING], "python -c pass"
    return [
        *pairs(
            "leadhand --help", "ms", times[LEADHAND], nothing, against, limit=LIMIT, goal=Goal("value", 150)
        ),
        *pairs("lh --help", "ms", times[LH], nothing, against, limit=LIMIT, goal=Goal("value", 40)),
    ]


def _time(command: tuple[str, ...]) -> float:
    begin = time.monotonic()
    subprocess.run([sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return (time.monotonic() - begin) * 1000
