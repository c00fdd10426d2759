"""The plan card, the request for feedback, and the 👍 line."""

from __future__ import annotations

from bot.callbacks import encode
from bot.cards.parts import BEGINNING, MOST_PAGES, bounded, card
from bot.message import Button, Message
from bot.text.catalog import Words
from bot.text.markdown import render
from bot.text.pages import LIMIT, MAX_ENTITIES, pages
from bot.text.rich import Rich, bold, italic, join, quote
from core.model import Json, Notice

ROOM = LIMIT - 96  # for the title of a further page


def plan(notice: Notice, words: Words) -> Message:
    """Show a plan with Approve, Revise and Reject, or what was decided."""
    data = notice.data
    title = bold(words.plan_title(name=data["name"], version=data["version"]))
    text = data["plan"].strip() or words.plan_title_missing_text()
    body = quote(render(bounded(text)))
    early = words.plan_early(name=data["name"]) if data.get("early") else ""
    foot = _closed(notice, words) or _grants(notice, words)
    found = pages(join((title, early, body, italic(foot)), "\n\n"), ROOM, MAX_ENTITIES - 1)
    whole = _titled(found, data, words)
    document = None
    if len(whole) > MOST_PAGES or bounded(text) != text:
        document = (f"{data['name']}-plan-v{data['version']}.md", data["plan"].encode())
        first = pages(body, limit=BEGINNING)[0]
        whole = [join((title, early, first, words.plan_title_attached(), italic(foot)), "\n\n")]
    return Message(tuple(whole), _buttons(notice, words), document=document)


def _titled(found: list[Rich], data: Json, words: Words) -> list[Rich]:
    """Head the further pages too: the buttons stand under the last one, and say there what they are for."""
    titles = [
        bold(words.plan_title_page(name=data["name"], version=data["version"], number=n, total=len(found)))
        for n in range(2, len(found) + 1)
    ]
    return found[:1] + [join(pair, "\n\n") for pair in zip(titles, found[1:], strict=True)]


def _grants(notice: Notice, words: Words) -> str:
    return words.plan_grants_bypass() if notice.data["grants"] == "bypass" else words.plan_grants_edits()


def _closed(notice: Notice, words: Words) -> str:
    who = notice.data.get("by", "")
    match notice.data.get("closed"):
        case "approve":
            return words.plan_closed_approve(who=who)
        case "revise":
            return words.plan_closed_revise(who=who)
        case "reject":
            return words.plan_closed_reject(who=who)
        case None:
            return ""
        case _:
            return words.plan_closed_superseded()


def _buttons(notice: Notice, words: Words) -> tuple[tuple[Button, ...], ...]:
    if notice.data.get("closed"):
        return ()
    decision = notice.data["decision"]
    return (
        (
            Button(words.button_approve(), encode(decision, "approve"), "success"),
            Button(words.button_revise(), encode(decision, "revise"), "primary"),
            Button(words.button_reject(), encode(decision, "reject"), "danger"),
        ),
    )


def feedback(notice: Notice, words: Words) -> Message:
    """Ask what should change; the next message of the person who pressed Revise is the answer."""
    data = notice.data
    if data.get("closed") == "given":
        version = data["version"]
        return Message(
            card(words.plan_feedback_ask_closed(name=data["name"], version=version, next=version + 1))
        )
    if data.get("closed"):
        return Message(card(words.plan_feedback_ask_superseded(name=data["name"], version=data["version"])))
    text = words.plan_feedback_ask(name=data["name"], version=data["version"])
    return Message(card(text), force_reply=words.plan_feedback_ask_placeholder())


def approved(notice: Notice, words: Words) -> Message:
    """The 👍 line."""
    return Message(
        (Rich(words.plan_approved(name=notice.data["name"], version=notice.data["version"])),), silent=True
    )
