"""/help and /lang."""

from __future__ import annotations

from bot.commands.desk import Desk, Incoming

_HELP = (
    "help",
    "help.start",
    "help.named",
    "help.talk",
    "help.plan",
    "help.question",
    "help.permission",
    "help.branch",
    "help.watch",
    "help.lang",
)


async def help_(desk: Desk, message: Incoming) -> None:
    """`/help`."""
    await desk.answer(message, *((key, {}) for key in _HELP), title=True)


async def lang(desk: Desk, message: Incoming) -> None:
    """`/lang code`: choose the language the bot speaks to you."""
    wanted = message.rest.partition(" ")[0]
    found = desk.texts.match(wanted) if wanted else None
    if found is None:
        await desk.say(message, "lang-usage", languages=", ".join(desk.texts.locales))
        return
    await desk.engine.people.speak(message.user, found)
    await desk.say(message, "lang-set")


async def welcome(desk: Desk, message: Incoming) -> None:
    """`/start` of somebody who is paired."""
    projects = list(desk.config.settings.projects)
    lines: list[tuple[str, dict[str, str | int]]] = [("welcome", {})]
    match len(projects):
        case 0:
            lines.append(("welcome.no-projects", {}))
        case 1:
            lines.append(("welcome.one-project", {"project": projects[0]}))
        case _:
            lines.append(("welcome.projects", {"projects": ", ".join(projects)}))
            lines.append(("welcome.many-projects", {}))
    await desk.answer(message, *lines)
