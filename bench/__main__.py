"""`python -m bench [name…]`: run the measurements and print one line each; exit 1 when a gated ratio fails."""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = ("launch", "events", "memory", "store")


def main(names: list[str]) -> int:
    """Run the named measurements, by default all."""
    failed = 0
    print(f"{'measurement':<58}{'value':>12}{'baseline':>12}{'ratio':>8}  against")
    for name in names or NAMES:
        for r in import_module(f"bench.{name}").run():
            mark = "" if r.passed else f"  FAILED: above {r.limit}"
            failed += not r.passed
            print(
                f"{r.name:<58}{r.value:>9.2f} {r.unit:<2}{r.baseline:>9.2f} {r.unit:<2}{r.ratio:>8.2f}  {r.against}{mark}",
                flush=True,
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
