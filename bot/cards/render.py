"""Finds the card of a notice. A notice kind without a card fails the type check."""

from __future__ import annotations

from bot.cards import plans, questions, replies, sessions, worktrees
from bot.message import Message
from bot.text.catalog import Words
from core.model import Notice
from core.states import NoticeKind


def render(notice: Notice, words: Words) -> Message | None:
    """Return the message a notice looks like now; None when there is nothing worth showing any more."""
    if notice.kind is NoticeKind.PROGRESS and notice.data["final"] and not notice.shown:
        return None
    match notice.kind:
        case NoticeKind.PLAN | NoticeKind.FEEDBACK | NoticeKind.APPROVED:
            return _plan(notice, words)
        case NoticeKind.QUESTION:
            return questions.question(notice, words)
        case NoticeKind.PERMISSION:
            return questions.permission(notice, words)
        case NoticeKind.BRANCH | NoticeKind.CONFIRM_DISCARD | NoticeKind.MERGED | NoticeKind.WARNING:
            return _worktree(notice, words)
        case NoticeKind.REPLY:
            return replies.reply(notice, words)
        case (
            NoticeKind.STARTED
            | NoticeKind.PROGRESS
            | NoticeKind.COMPLETED
            | NoticeKind.FAILED
            | NoticeKind.STOPPED
            | NoticeKind.SUSPENDED
        ):
            return _session(notice, words)


def _plan(notice: Notice, words: Words) -> Message:
    cards = {
        NoticeKind.PLAN: plans.plan,
        NoticeKind.FEEDBACK: plans.feedback,
        NoticeKind.APPROVED: plans.approved,
    }
    return cards[notice.kind](notice, words)


def _worktree(notice: Notice, words: Words) -> Message:
    cards = {
        NoticeKind.BRANCH: worktrees.branch,
        NoticeKind.CONFIRM_DISCARD: worktrees.confirm_discard,
        NoticeKind.MERGED: worktrees.merged,
        NoticeKind.WARNING: worktrees.warning,
    }
    return cards[notice.kind](notice, words)


def _session(notice: Notice, words: Words) -> Message:
    cards = {
        NoticeKind.STARTED: sessions.started,
        NoticeKind.PROGRESS: sessions.progress,
        NoticeKind.COMPLETED: sessions.completed,
        NoticeKind.FAILED: sessions.failed,
        NoticeKind.STOPPED: sessions.stopped,
        NoticeKind.SUSPENDED: sessions.suspended,
    }
    return cards[notice.kind](notice, words)
