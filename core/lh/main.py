"""The `lh` command: reads the call, says what came of it by exit code; decides nothing.

0 ok, 1 refused, 2 usage, 3 no connection. Only the standard library is loaded.
"""

from __future__ import annotations

import argparse
import sys

OK, REFUSED, USAGE, NO_CONNECTION = 0, 1, 2, 3
AREAS = ("task", "inbox", "plan", "ask", "cost", "team")


class _Version(argparse.Action):
    """Looks the version up only when asked: that takes longer than all the rest."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"lh {version('leadhand')}")
        parser.exit(OK)


def parser() -> argparse.ArgumentParser:
    """Return the reader of the command line."""
    lh = argparse.ArgumentParser(
        prog="lh",
        description="What an agent says to Leadhand from inside its session.",
        epilog="Exit codes: 0 ok, 1 refused, 2 usage, 3 no connection.",
    )
    lh.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    lh.add_argument("--json", action="store_true", help="answer in JSON")
    lh.add_argument("area", choices=AREAS, help="what it is about")
    lh.add_argument("words", nargs=argparse.REMAINDER, metavar="...", help="what to say")
    return lh


def main(argv: list[str] | None = None) -> int:
    """Run one call and return its exit code."""
    parser().parse_args(argv)
    print("lh: no connection: not inside a Leadhand session", file=sys.stderr)
    return NO_CONNECTION


if __name__ == "__main__":
    sys.exit(main())
