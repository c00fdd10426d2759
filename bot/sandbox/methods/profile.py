"""What a bot says about itself: commands, name, descriptions, menu button."""

import re
from typing import Any

from bot.sandbox.account import DEFAULT_SCOPE, Scope
from bot.sandbox.context import Ctx
from bot.sandbox.errors import bad
from bot.sandbox.methods.table import TABLE, method
from bot.sandbox.records import Json

COMMAND = re.compile(r"[a-z0-9_]{1,32}")
MAX_COMMANDS = 100
MAX_DESCRIPTION = 256
SCOPES = frozenset(
    {
        "default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat",
        "chat_administrators", "chat_member",
    }
)  # fmt: skip
TEXTS = {
    "Name": ("name", 64),
    "Description": ("description", 512),
    "ShortDescription": ("short_description", 120),
}


def _where(ctx: Ctx) -> tuple[Scope, str]:
    scope = ctx.params.nested("scope", "BotCommandScope")
    language = ctx.params.text("language_code")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad("LANG_CODE_INVALID")
    if not scope:
        return DEFAULT_SCOPE, language
    kind = scope.get("type")
    if kind not in SCOPES:
        raise bad("can't parse BotCommandScope: Unsupported type specified")
    return (kind, int(scope.get("chat_id") or 0), int(scope.get("user_id") or 0)), language


def _command(item: Any) -> Json:
    command = str(item.get("command", "")).removeprefix("/")
    description = str(item.get("description", "")).strip()
    if not COMMAND.fullmatch(command):
        raise bad("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= MAX_DESCRIPTION:
        raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": command, "description": description}


@method
def set_my_commands(ctx: Ctx) -> bool:
    """The command menu of a scope and language."""
    given = ctx.params.nested("commands", "commands")
    if not isinstance(given, list):
        raise bad("can't parse commands: expected an Array of BotCommand")
    if len(given) > MAX_COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    ctx.bot.commands[_where(ctx)] = [_command(item) for item in given]
    ctx.world.feed.emit("commands")
    return True


@method
def get_my_commands(ctx: Ctx) -> list[Json]:
    """The commands of exactly this scope and language."""
    return ctx.bot.commands.get(_where(ctx), [])


@method
def delete_my_commands(ctx: Ctx) -> bool:
    """Forget the commands of this scope and language."""
    ctx.bot.commands.pop(_where(ctx), None)
    ctx.world.feed.emit("commands")
    return True


def _register(title: str, name: str, limit: int) -> None:
    """setMy… and getMy… of one text."""

    def write(ctx: Ctx) -> bool:
        text = ctx.params.text(name)
        if len(text) > limit:
            raise bad(f"{name.replace('_', ' ')} is too long")
        ctx.bot.names[name, ctx.params.text("language_code")] = text
        return True

    def read(ctx: Ctx) -> Json:
        names = ctx.bot.names
        found = names.get((name, ctx.params.text("language_code"))) or names.get((name, ""))
        return {name: found or (ctx.bot.user.first_name if name == "name" else "")}

    TABLE[f"setmy{title.lower()}"] = write
    TABLE[f"getmy{title.lower()}"] = read


for _title, (_name, _limit) in TEXTS.items():
    _register(_title, _name, _limit)


@method
def set_chat_menu_button(ctx: Ctx) -> bool:
    """The button beside the composer, for one chat or for all."""
    button = ctx.params.nested("menu_button", "MenuButton") or {"type": "default"}
    ctx.bot.menus[ctx.params.integer("chat_id")] = button
    return True


@method
def get_chat_menu_button(ctx: Ctx) -> Json:
    """The button of a chat, or the one for all."""
    menus = ctx.bot.menus
    return menus.get(ctx.params.integer("chat_id")) or menus.get(0) or {"type": "commands"}
