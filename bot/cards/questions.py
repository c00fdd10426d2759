"""Question and permission cards: the agent's words exactly as they came, in a quote, no Markdown."""

from __future__ import annotations

from bot.callbacks import encode
from bot.cards.parts import bounded, card
from bot.message import Button, Message, Rows
from bot.text.catalog import Words
from bot.text.rich import bold, italic, join, pre, verbatim
from bot.text.safe import inline
from core.model import Notice

LABEL = 200  # a button holds its option's whole label; longer ones are cut
BUTTON_SHOWS = 40  # as much of it as a phone has room for
DETAIL = 1500


def question(notice: Notice, words: Words) -> Message:
    """Show one question with a button per option, or the answer it got."""
    data = notice.data
    title = words.question_title(name=data["name"])
    if data["of"] > 1:
        title = words.question_title_part(name=data["name"], number=data["position"], total=data["of"])
    described = [
        f"{label} — {text}" if text else label for label, text in data["options"] if _told(label, text)
    ]
    options = verbatim(bounded("\n".join(described)), expandable=False) if described else ""
    foot = _question_closed(notice, words) or _hint(notice, words)
    asked, document = data["text"].strip() or words.question_title_missing_text(), None
    if bounded(asked) != asked:
        document = (f"{data['name']}-question.txt", asked.encode())
        asked, foot = bounded(asked), f"{words.text_attached()} {foot}"
    pages = card(bold(title), verbatim(asked, expandable=False), options, italic(foot))
    return Message(pages, _options(notice, words), document=document)


def _told(label: str, description: str) -> bool:
    """Tell whether an option is written out: it says more than a button on a phone can show."""
    return bool(description) or len(label) > BUTTON_SHOWS


def _question_closed(notice: Notice, words: Words) -> str:
    match notice.data.get("closed"):
        case None:
            return ""
        case "answer":
            return words.question_closed_answer(answer=notice.data["answer"][:500])
        case _:
            return words.question_closed_superseded()


def _hint(notice: Notice, words: Words) -> str:
    if not notice.data["free_text"]:
        return words.question_title_hint_buttons_only()
    if notice.data["multi"]:
        return words.question_title_hint_many()
    return words.question_title_hint()


def _options(notice: Notice, words: Words) -> Rows:
    data = notice.data
    if data.get("closed"):
        return ()
    decision, chosen = data["decision"], set(data["chosen"])
    if data["multi"]:
        rows = [
            (Button(_label(label, n, ticked=n in chosen), encode(decision, f"t{n}")),)
            for n, (label, _) in enumerate(data["options"])
        ]
        return (*rows, (Button(words.button_done(), encode(decision, "done"), "success"),)) if rows else ()
    return tuple(
        (Button(_label(label, n), encode(decision, f"o{n}")),) for n, (label, _) in enumerate(data["options"])
    )


def _label(label: str, number: int, *, ticked: bool | None = None) -> str:
    """Return what a button says; one without a word has its number, for Telegram takes no empty button."""
    mark = "" if ticked is None else ("☑ " if ticked else "☐ ")
    return mark + (inline(label, LABEL) or str(number + 1))


def permission(notice: Notice, words: Words) -> Message:
    """Show what the agent wants to do, with Allow and Deny."""
    data = notice.data
    where = words.permission_title_inside() if data["inside"] else words.permission_title_outside()
    detail = pre(data["detail"][:DETAIL]) if data["detail"] else ""
    foot = _permission_closed(notice, words) or where
    pages = card(
        bold(words.permission_title(name=data["name"])),
        join((words.permission_title_tool(tool=data["tool"]), verbatim(data["title"], expandable=False))),
        detail,
        italic(foot),
    )
    return Message(pages, _verdicts(notice, words))


def _permission_closed(notice: Notice, words: Words) -> str:
    who = notice.data.get("by", "")
    match notice.data.get("closed"):
        case None:
            return ""
        case "allow":
            return words.permission_closed_allow(who=who)
        case "session":
            return words.permission_closed_session(who=who)
        case "deny":
            return words.permission_closed_deny(who=who)
        case _:
            return words.permission_closed_superseded()


def _verdicts(notice: Notice, words: Words) -> Rows:
    if notice.data.get("closed"):
        return ()
    decision = notice.data["decision"]
    return (
        (
            Button(words.button_allow(), encode(decision, "allow"), "success"),
            Button(words.button_deny(), encode(decision, "deny"), "danger"),
        ),
        (Button(words.button_allow_session(), encode(decision, "session")),),
    )
