"""The baselines that are programs of their own: `python -m bench.bare events|poll`, with the API base, a
bot's token and a chat as arguments. As little as python-telegram-bot lets one get away with."""

from __future__ import annotations

import asyncio
import json
import sys

from bench.agent import COMMAND


async def events(api: str, token: str, chat: int) -> None:
    """Read the agent's pipe in a loop and send each request at once; a line on stdin answers it."""
    from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

    loop = asyncio.get_running_loop()
    stdin = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    pipe = asyncio.subprocess.PIPE
    agent = await asyncio.create_subprocess_exec(*COMMAND, stdin=pipe, stdout=pipe)
    assert agent.stdin is not None
    assert agent.stdout is not None
    async with Bot(token, base_url=f"{api}/bot") as bot:
        prompt = (await stdin.readline()).decode()
        agent.stdin.write(json.dumps({"type": "user", "message": {"content": prompt}}).encode() + b"\n")
        async for line in agent.stdout:
            frame = json.loads(line)
            if frame["type"] != "control_request":
                continue
            keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Go", callback_data="go")]])
            await bot.send_message(chat, json.dumps(frame["request"]["input"]), reply_markup=keyboard)
            await stdin.readline()
            answer = {"request_id": frame["request_id"]}
            agent.stdin.write(json.dumps({"type": "control_response", "response": answer}).encode() + b"\n")


def poll(api: str, token: str) -> None:
    """Poll with one handler that echoes."""
    from telegram import Update
    from telegram.ext import Application, ContextTypes, MessageHandler, filters

    async def echo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        if update.message is not None:
            await update.message.reply_text(update.message.text or "?")

    app = Application.builder().token(token).base_url(f"{api}/bot").build()
    app.add_handler(MessageHandler(filters.TEXT, echo))
    app.run_polling()


if __name__ == "__main__":
    if sys.argv[1] == "events":
        asyncio.run(events(sys.argv[2], sys.argv[3], int(sys.argv[4])))
    else:
        poll(sys.argv[2], sys.argv[3])
