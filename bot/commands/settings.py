"""/help and /lang."""

from __future__ import annotations

from bot.commands.desk import Desk, Incoming

_HELP = ("start", "named", "talk", "plan", "question", "permission", "branch", "watch", "lang")


async def help_(desk: Desk, message: Incoming) -> None:
    """`/help`."""
    lines: list[tuple[str, dict[str, str | int]]] = [("help", {})]
    lines.extend((f"help.{part}", {}) for part in _HELP)
    await desk.answer(message, *lines, title=True)


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
