"""Parses the command line and runs a subcommand; every failure is one clear line and an exit code."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from importlib import import_module

PROGRAM = "leadhand"
LAST_PORT = 65535
COMMANDS = {
    "run": "start the bot and go on where the last run stopped",
    "demo": "try everything in a browser: no token, no account, no model key",
    "pair": "print a new pairing code",
    "config": "show every setting and where it comes from",
    "keeper": "show or end the keeper, which owns the agents' processes",
}


class _Version(argparse.Action):
    """Looks the version up only when asked: that takes longer than all the rest."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"{PROGRAM} {version('leadhand')}")
        parser.exit(0)


def parser() -> argparse.ArgumentParser:
    """Build the parser of all subcommands."""
    top = argparse.ArgumentParser(
        prog=PROGRAM, description="Leads a crew of coding agents from Telegram.", allow_abbrev=False
    )
    top.add_argument("--version", action=_Version, nargs=0, help="show program's version number and exit")
    commands = top.add_subparsers(dest="command", metavar="command", required=True)
    subs = {
        name: commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        for name, text in COMMANDS.items()
    }
    subs["demo"].add_argument(
        "--port", type=_port, default=0, help="port of the chat page (default: a free one)"
    )
    keeper = subs["keeper"].add_subparsers(dest="action", metavar="action", required=True)
    keeper.add_parser("status", help="show its processes and the agents it holds")
    stop = keeper.add_parser("stop", help="end it; refuses while agents run")
    stop.add_argument("--force", action="store_true", help="end running agents too")
    return top


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. Exit codes: 0 fine, 1 refused or failed, 2 usage, 130 interrupted."""
    options = parser().parse_args(argv)
    from core.errors import LeadhandError

    try:
        module = import_module(f"bot.cli.{options.command}")
        code: int = module.command(options)
    except LeadhandError as error:
        print(f"{PROGRAM}: {error.message()}", file=sys.stderr)
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        print(f"{PROGRAM}: {where}{(error.strerror or str(error)).lower()}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        logging.getLogger(PROGRAM).exception("this is a mistake in the program")
        print(f"{PROGRAM}: ended by a mistake in the program ({type(error).__name__})", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
