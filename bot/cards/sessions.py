"""Cards of a session's life: started, working, completed, failed, stopped, suspended."""

from __future__ import annotations

from bot.cards.parts import card, change_facts, cost_fact, said
from bot.message import Message
from bot.text.catalog import Words
from bot.text.rich import Part, bold, code, italic, join, verbatim
from core.model import Notice


def started(notice: Notice, words: Words) -> Message:
    """Say that a session began."""
    data = notice.data
    lines: list[Part] = [
        bold(words.session_started(name=data["name"])),
        words.session_started_by(agent=data["agent"], project=data["project"]),
        words.worktree_dirty_base(base=data["base"]) if data.get("dirty") else "",
        italic(words.session_started_next(name=data["name"])),
    ]
    return Message(card(*lines), silent=True)


def progress(notice: Notice, words: Words) -> Message:
    """Show what the agent is doing, edited in place."""
    data = notice.data
    if data["final"]:
        return Message(card(bold(_worked(notice, words))), silent=True, final=True)
    lines: list[Part] = [bold(words.progress_working(name=data["name"]))]
    hidden = data["count"] - len(data["steps"])
    if hidden > 0:
        lines.append(italic(words.progress_earlier(count=hidden)))
    lines.extend(join(("· ", code(step[:120])), "") for step in data["steps"])
    return Message(card(*lines), silent=True)


def _worked(notice: Notice, words: Words) -> str:
    name, count = notice.data["name"], notice.data["count"]
    if not count:
        return words.progress_finished(name=name)
    return words.progress_finished_with_steps(name=name, steps=words.progress_steps(count=count))


def completed(notice: Notice, words: Words) -> Message:
    """The ✅ line and the summary: the agent's own final words and the measured changes."""
    data = notice.data
    facts = [*change_facts(words, data["changes"]), *cost_fact(words, data.get("cost"))]
    title = words.session_completed(name=data["name"])
    if facts:
        title = words.session_completed_with_facts(name=data["name"], facts=" · ".join(facts))
    lines: list[Part] = [bold(title), said(data["result"])]
    if data.get("early"):
        lines.append(words.plan_early(name=data["name"]))
    if not data["changes"].get("files"):
        lines.append(italic(words.session_completed_no_changes()))
    elif data["strategy"] == "manual":
        lines.append(italic(words.session_completed_left_branch(branch=data["branch"])))
    return Message(card(*lines))


def failed(notice: Notice, words: Words) -> Message:
    """The ❌ line: what happened, what is safe, what to do next."""
    data = notice.data
    ours = data["error"].startswith("error-")
    key = data["error"] if ours else f"agent-{data['error'].replace('_', '-')}"
    reason = words.get(key, **data.get("fields", {})) if ours else words.get(key, agent=data["agent"])
    lines: list[Part] = [bold(words.session_failed(name=data["name"], reason=reason))]
    if data.get("message"):
        lines += [words.agent_details(), verbatim(data["message"])]
    if ours:
        lines.append(italic(words.session_failed_next()))
    else:
        following = words.get(f"{key}.next", agent=data["agent"])
        lines.append(italic(join((words.session_failed_kept(), following), " ")))
    return Message(card(*lines))


def stopped(notice: Notice, words: Words) -> Message:
    """The ⛔ line."""
    data = notice.data
    name = data["name"]
    match data["reason"]:
        case "rejected":
            title = words.session_stopped_rejected(name=name, version=data["version"])
        case "discarded":
            title = words.session_stopped_discarded(name=name)
        case _:
            title = words.session_stopped(name=name)
    if data["reason"] == "discarded":
        return Message(card(bold(title), italic(words.discard_done(backup=data["backup"]))))
    kept = words.session_stopped_kept() if data["reason"] == "user" else ""
    return Message(card(bold(title), italic(kept) if kept else "", italic(words.session_stopped_next())))


def suspended(notice: Notice, words: Words) -> Message:
    """The 💤 line."""
    data = notice.data
    reason = words.session_suspended_lost()
    title = words.session_suspended(name=data["name"], reason=reason)
    return Message(card(bold(title), italic(words.session_suspended_next())))
