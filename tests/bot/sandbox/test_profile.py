"""Commands, names, menu button, unknown methods; and every method our bot calls exists here."""

import ast
import inspect
from pathlib import Path

import pytest
from telegram import Bot, BotCommand, BotCommandScopeChat, MenuButtonCommands
from telegram.error import BadRequest, EndPointNotFound
from telegram.ext import ExtBot

import bot as package
from bot.sandbox import Room, Sandbox
from bot.sandbox.methods import TABLE

Client = ExtBot[None]
SHORTCUTS = {
    "reply_text": "sendMessage", "reply_html": "sendMessage", "reply_document": "sendDocument",
    "reply_photo": "sendPhoto", "edit_text": "editMessageText", "edit_reply_markup": "editMessageReplyMarkup",
    "edit_message_text": "editMessageText", "set_reaction": "setMessageReaction",
}  # fmt: skip


async def test_commands_by_scope_and_language(client: Client, sandbox: Sandbox, chat: Room) -> None:
    everybody = [BotCommand("new", "Start a task")]
    await client.set_my_commands(everybody)
    await client.set_my_commands([BotCommand("neu", "Aufgabe")], language_code="de")
    await client.set_my_commands([BotCommand("here", "Only here")], scope=BotCommandScopeChat(chat.id))
    assert await client.get_my_commands() == tuple(everybody)
    assert [c.command for c in await client.get_my_commands(language_code="de")] == ["neu"]
    menu = sandbox.bot.commands_for(chat.id, private=True, admin=False, language="de")
    assert [c["command"] for c in menu] == ["here"]
    other = sandbox.bot.commands_for(5, private=True, admin=False, language="de-AT")
    assert [c["command"] for c in other] == ["neu"]
    await client.delete_my_commands()
    assert await client.get_my_commands() == ()


@pytest.mark.parametrize(("name", "words"), [("New", "x"), ("with-dash", "x"), ("ok", "")])
async def test_bad_commands_are_refused(client: Client, name: str, words: str) -> None:
    with pytest.raises(BadRequest, match=r"(?i)bot_command_"):
        await client.set_my_commands([(name, words)])


async def test_names_and_descriptions(client: Client) -> None:
    assert (await client.get_my_name()).name == "Leadhand"
    await client.set_my_name("Lead")
    await client.set_my_description("Long")
    await client.set_my_short_description("Short", language_code="de")
    assert (await client.get_my_name()).name == "Lead"
    assert (await client.get_my_description("de")).description == "Long"
    assert (await client.get_my_short_description()).short_description == ""
    assert (await client.get_my_short_description("de")).short_description == "Short"


async def test_the_menu_button(client: Client, chat: Room) -> None:
    await client.set_chat_menu_button(chat.id, MenuButtonCommands())
    assert (await client.get_chat_menu_button(chat.id)).type == "commands"


async def test_get_chat_log_out_and_close(client: Client, chat: Room) -> None:
    assert (await client.get_chat(chat.id)).first_name == "Ann"
    assert await client.log_out()
    assert await client.close()


async def test_an_unknown_method_is_not_found(client: Client) -> None:
    with pytest.raises(EndPointNotFound):
        await client.do_api_request("sendNothing")


def calls_of(source: str) -> set[str]:
    """The Bot API methods a module calls on a bot, by attribute, shortcut or `do_api_request`."""
    endpoints = {n for n, f in inspect.getmembers(Bot, inspect.iscoroutinefunction) if not n.startswith("_")}
    endpoints -= {"initialize", "shutdown", "do_api_request"}
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, owner = node.func.attr, node.func.value
        called_on = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
        if called_on.lstrip("_") == "bot" and name in endpoints:
            found.add(name)
        elif name == "do_api_request" and node.args and isinstance(node.args[0], ast.Constant):
            found.add(str(node.args[0].value))
        elif name in SHORTCUTS:
            found.add(SHORTCUTS[name])
    return found


def test_every_method_the_bot_calls_exists_in_the_sandbox() -> None:
    root = Path(package.__path__[0])
    missing = {
        f"{path.relative_to(root)}: {name}"
        for path in root.rglob("*.py")
        if "sandbox" not in path.parts
        for name in calls_of(path.read_text())
        if name.replace("_", "").lower() not in TABLE
    }
    assert missing == set()


def test_the_scan_finds_calls() -> None:
    lines = ("await context.bot.send_dice(1)", "await self._bot.get_me()", "await m.reply_text('')")
    source = "async def f(self, context):\n " + "\n ".join(lines)
    assert calls_of(source) == {"send_dice", "get_me", "sendMessage"}
