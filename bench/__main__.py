"""`python -m bench [name…]`: run the measurements, a line each; exit 1 when a gated ratio fails."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from bench.result import Result

NAMES = ("launch", "events", "memory", "keeper", "startup", "store")


def main(names: list[str]) -> int:
    """Run the named measurements, by default all."""
    if unknown := [name for name in names if name not in NAMES]:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")
    print(f"{'measurement':<52}{'value':>13}{'baseline':>13}{'ratio':>8}  against")
    failed = 0
    for name in names or NAMES:
        for result in import_module(f"bench.{name}").run():
            print(line(result), flush=True)
            failed += not result.passed
    return 1 if failed else 0


def line(r: Result) -> str:
    """Return a result as one line, with what is to be said about it."""
    notes = [r.told(), "" if r.passed else f"FAILED: ratio above {r.limit:g}"]
    figures = f"{r.value:>9.2f} {r.unit:<3}{r.baseline:>9.2f} {r.unit:<3}{r.ratio:>8.2f}"
    return "; ".join(part for part in (f"{r.name:<52}{figures}  {r.against}", *notes) if part)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
