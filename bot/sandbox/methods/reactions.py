"""Reactions of the bot; only emoji Telegram knows, one a message."""

from bot.sandbox.context import Ctx
from bot.sandbox.errors import bad
from bot.sandbox.methods.table import method

EMOJI = frozenset(
    """
    👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡
    🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪
    🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡
    """.split()  # noqa: SIM905 - a list of 73 literals would be a page
)
VARIATION = "\ufe0f"


@method
def set_message_reaction(ctx: Ctx) -> bool:
    """Set or clear the bot's reaction."""
    chat = ctx.chat()
    message = ctx.target(chat, "message to react not found")
    given = ctx.params.nested("reaction", "reaction") or []
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise bad("can't parse reaction types JSON object")
    if len(given) > 1:
        raise bad("REACTIONS_TOO_MANY")
    for item in given:
        if item.get("type") != "emoji" or str(item.get("emoji")).replace(VARIATION, "") not in EMOJI:
            raise bad("REACTION_INVALID")
    message.reactions[ctx.bot.id] = given
    message.change = ctx.world.feed.emit("message", chat.key, message.id)
    return True
