"""How updates reach the bot: getUpdates and webhooks; and logOut and close."""

from urllib.parse import urlsplit

from bot.sandbox.account import Webhook
from bot.sandbox.context import Ctx
from bot.sandbox.errors import CONFLICT, TERMINATED_BY_WEBHOOK, WEBHOOK_ACTIVE, ApiError, bad
from bot.sandbox.methods.table import method
from bot.sandbox.records import Json

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MAX_WAIT = 50
MAX_SECRET = 256


def _allowed(ctx: Ctx) -> list[str] | None:
    given = ctx.params.nested("allowed_updates", "allowed updates")
    return [str(kind) for kind in given] if isinstance(given, list) else None


@method
async def get_updates(ctx: Ctx) -> list[Json]:
    """Long poll; the offset confirms."""
    if ctx.bot.webhook.url:
        raise ApiError(CONFLICT, WEBHOOK_ACTIVE)
    queue, params = ctx.bot.queue, ctx.params
    queue.allow(_allowed(ctx))
    wait = min(max(params.integer("timeout"), 0), MAX_WAIT)
    return await queue.poll(params.integer("offset"), params.integer("limit"), wait)


@method
def set_webhook(ctx: Ctx) -> bool:
    """Push updates to an address on this machine; an empty one ends it."""
    url = ctx.params.text("url")
    if not url:
        return delete_webhook(ctx)  # type: ignore[no-any-return]
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if parts.hostname not in LOOPBACK:
        raise bad("bad webhook: the sandbox pushes only to this machine")
    secret = ctx.params.text("secret_token")
    if len(secret) > MAX_SECRET or not all(c.isalnum() or c in "_-" for c in secret):
        raise bad("secret token contains unallowed characters")
    ctx.bot.queue.allow(_allowed(ctx))
    if ctx.params.flag("drop_pending_updates"):
        ctx.bot.queue.pending.clear()
    ctx.world.pushers.stop(ctx.bot)
    ctx.bot.webhook = Webhook(url, secret, ctx.params.integer("max_connections") or 40)
    ctx.bot.queue.interrupt(TERMINATED_BY_WEBHOOK)
    ctx.world.pushers.start(ctx.bot)
    return True


@method
def delete_webhook(ctx: Ctx) -> bool:
    """Back to polling."""
    if ctx.params.flag("drop_pending_updates"):
        ctx.bot.queue.pending.clear()
    ctx.world.pushers.stop(ctx.bot)
    ctx.bot.webhook = Webhook()
    return True


@method
def get_webhook_info(ctx: Ctx) -> Json:
    """The webhook and how it fares."""
    hook = ctx.bot.webhook
    info: Json = {
        "url": hook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(ctx.bot.queue.pending),
    }
    if hook.url:
        info |= {"max_connections": hook.connections, "ip_address": "127.0.0.1"}
    if hook.error:
        info |= {"last_error_date": hook.error_date, "last_error_message": hook.error}
    if ctx.bot.queue.allowed:
        info["allowed_updates"] = ctx.bot.queue.allowed
    return info


@method
def log_out(ctx: Ctx) -> bool:
    """Accepted; there is no other server to go to."""
    return True


@method
def close(ctx: Ctx) -> bool:
    """Accepted; nothing is held."""
    return True
