"""Cards about branches: the decision, how a merge went, the question before a discard."""

from __future__ import annotations

from bot.callbacks import encode
from bot.cards.parts import card, change_facts, file_lines
from bot.message import Button, Message, Rows
from bot.text.catalog import Words
from bot.text.rich import Part, bold, code, italic, join
from core.model import Notice

MOST_FILES = 6
MOST_COMMITS = 5


def branch(notice: Notice, words: Words) -> Message:
    """Ask what to do with a branch, or say what became of it."""
    data, changes = notice.data, notice.data["changes"]
    title = words.branch_decision(
        name=data["name"],
        branch=data["branch"],
        base=data["base"],
        commits=changes["commits"],
        files=changes["files"],
        added=changes["added"],
        deleted=changes["deleted"],
    )
    lines: list[Part] = [bold(title)]
    lines.extend(_files(changes, words))
    if changes["conflicts"]:
        lines.append(words.branch_decision_conflicts(count=len(changes["conflicts"])))
        lines.append(file_lines(changes["conflicts"]))
    closed = _closed(notice, words)
    if data.get("later") and not closed:
        closed = words.branch_later(name=data["name"], branch=data["branch"])
    lines.append(italic(closed or words.branch_decision_next(base=data["base"])))
    return Message(card(*lines), _buttons(notice, words))


def _files(changes: dict[str, list[list[str]]], words: Words) -> list[Part]:
    lines: list[Part] = []
    for path, added, deleted in changes["top"][:MOST_FILES]:
        facts = words.fact_lines(added=added, deleted=deleted)
        lines.append(join(("· ", code(path), f"  {facts}"), ""))
    hidden = int(str(changes["files"])) - len(lines)
    if hidden > 0:
        lines.append(words.branch_decision_more_files(count=hidden))
    return lines


def _closed(notice: Notice, words: Words) -> str:
    match notice.data.get("closed"):
        case None:
            return ""
        case "merging":
            return words.branch_closed_merging()
        case "merge":
            return words.branch_closed_merge()
        case "nothing":
            return words.branch_closed_nothing(base=notice.data["base"])
        case "failed":
            return words.branch_closed_failed()
        case "discard":
            return words.branch_closed_discard()
        case _:
            return words.branch_closed_superseded()


def _buttons(notice: Notice, words: Words) -> Rows:
    if notice.data.get("closed"):
        return ()
    decision = notice.data["decision"]
    return (
        (
            Button(words.button_merge(), encode(decision, "merge"), "success"),
            Button(words.button_later(), encode(decision, "later")),
            Button(words.button_discard(), encode(decision, "discard"), "danger"),
        ),
    )


def confirm_discard(notice: Notice, words: Words) -> Message:
    """Ask Yes or No before a branch is discarded."""
    data = notice.data
    lines: list[Part] = [bold(words.discard_ask(name=data["name"], branch=data["branch"]))]
    match data.get("closed"):
        case None:
            lines.append(words.discard_ask_keeps_any())
        case "yes":
            lines.append(italic(words.branch_closed_discard()))
        case "no":
            lines.append(italic(words.discard_closed_no()))
        case _:
            lines.append(italic(words.discard_closed_superseded()))
    buttons: Rows = ()
    if not data.get("closed"):
        decision = data["decision"]
        buttons = (
            (
                Button(words.button_yes(), encode(decision, "yes"), "danger"),
                Button(words.button_no(), encode(decision, "no")),
            ),
        )
    return Message(card(*lines), buttons)


def merged(notice: Notice, words: Words) -> Message:
    """The ✅ line of a merge."""
    data = notice.data
    facts = change_facts(words, data["changes"])
    given = {"name": data["name"], "branch": data["branch"], "base": data["base"]}
    title = words.branch_merged(**given)
    if facts:
        title = words.branch_merged_with_facts(**given, facts=" · ".join(facts))
    commit = words.branch_merged_commit(base=data["base"], commit=data["commit"][:10])
    return Message(card(bold(title), italic(commit)))


def warning(notice: Notice, words: Words) -> Message:
    """Say what did not work, that nothing was changed, and what to do next."""
    data = notice.data
    name, fields, error = data["name"], data.get("fields", {}), data["error"]
    files = file_lines([f for f in fields.get("files", "").splitlines() if f])
    match error:
        case "merge-conflict":
            title = words.merge_conflict(name=name, base=fields["base"])
            detail, next_step = words.merge_conflict_files(), words.merge_conflict_next()
        case "merge-blocked":
            title = words.merge_blocked(name=name, base=fields["base"])
            detail = words.merge_blocked_files() if files else fields.get("reason", "")
            next_step = words.merge_blocked_next()
        case "merge-moved":
            title = words.merge_moved(name=name, base=fields["base"])
            detail, next_step = "", words.merge_moved_next()
        case "discard-failed":
            title, next_step = words.discard_failed(name=name), ""
            detail = file_lines(fields.get("reasons", "").splitlines())
        case _:
            title, detail, next_step = f"⚠️ [{name}]", words.get(error, **{"name": name, **fields}), ""
    return Message(card(bold(title), detail, files, italic(next_step) if next_step else ""))
