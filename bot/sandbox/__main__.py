"""`python -m bot.sandbox`: the sandbox alone, with two people, their chats and a group, until interrupted."""

import argparse
import asyncio
import contextlib
import sys

from bot.sandbox.stage import Sandbox


def furnish(sandbox: Sandbox) -> None:
    """The people and chats a fresh sandbox starts with."""
    ann, bob = sandbox.user("Ann"), sandbox.user("Bob")
    ann.private()
    bob.private()
    sandbox.group("Crew", [ann, bob], forum=True, bot_admin=True)


async def run(port: int, token: str) -> None:
    """Serve and print how to reach it."""
    async with Sandbox(limits=True, token=token) as sandbox:
        furnish(sandbox)
        await sandbox.serve(port)
        lines = (
            f"Bot API  {sandbox.url}",
            f"Token    {sandbox.token}",
            f"Page     {sandbox.page_url}",
        )
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description="A local Telegram.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--token", default="", help="the bot's token (default: a new one)")
    args = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(args.port, args.token))


if __name__ == "__main__":
    main()
