"""Answers to button presses."""

from bot.sandbox.context import Ctx
from bot.sandbox.errors import bad
from bot.sandbox.methods.table import method
from bot.sandbox.queries import QueryAnswer

MAX_TOAST = 200


@method
def answer_callback_query(ctx: Ctx) -> bool:
    """Stop the spinner, with a toast or an alert."""
    text = ctx.params.text("text")
    if len(text) > MAX_TOAST:
        raise bad("MESSAGE_TOO_LONG")
    answer = QueryAnswer(text, ctx.params.flag("show_alert"), ctx.params.text("url"))
    ctx.world.queries.answer(ctx.params.text("callback_query_id"), ctx.bot.id, answer)
    return True
