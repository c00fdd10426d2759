"""Who may use the chat page: whoever has the key, from this machine's own address, and no foreign page.

The page can approve work, so Host (against DNS rebinding), Origin and key are checked on every request.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SAFE = frozenset({"GET", "HEAD"})


class Guard:
    """The key of one server and the addresses it answers to."""

    def __init__(self, key: str = "") -> None:
        self.key = key or secrets.token_urlsafe(24)
        self.port = 0

    @property
    def cookie(self) -> str:
        """The cookie's name; cookies ignore ports, so the port is part of it."""
        return f"leadhand_sandbox_{self.port}"

    def knows_host(self, request: web.Request) -> bool:
        """Whether the request was meant for us."""
        return request.headers.get("Host", "") in {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}

    def knows_origin(self, request: web.Request, *, needed: bool) -> bool:
        """Whether the page that sent it is ours; a cookie alone needs that for changes."""
        origin = request.headers.get("Origin")
        if origin is None:
            return not needed
        return origin == f"http://{request.headers.get('Host', '')}"

    def fits(self, given: str) -> bool:
        """Compare with the key in constant time."""
        return hmac.compare_digest(given.encode(), self.key.encode())

    def check(self, request: web.Request) -> None:
        """Refuse what is not ours."""
        if not self.knows_host(request):
            raise web.HTTPForbidden(text="unknown host")
        by_header = self.fits(request.headers.get("X-Key", ""))
        if not by_header and not self.fits(request.cookies.get(self.cookie, "")):
            raise web.HTTPForbidden(text="the key is missing; open the address printed at the start")
        needed = not by_header and request.method not in SAFE
        if not self.knows_origin(request, needed=needed):
            raise web.HTTPForbidden(text="foreign origin")

    def enter(self, request: web.Request) -> None:
        """`/?key=…`: refuse a wrong key."""
        if not self.knows_host(request) or not self.fits(request.query.get("key", "")):
            raise web.HTTPForbidden(text="the key is wrong")

    def admit(self, answer: web.StreamResponse) -> None:
        """Exchange the key for a cookie; the page then takes the key out of its address.

        No redirect: after a link on another page a browser would not send a strict cookie along.
        """
        answer.set_cookie(self.cookie, self.key, httponly=True, samesite="Strict", path="/")


@web.middleware
async def secure_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Put the protective headers on every answer, refusals included."""
    try:
        answer = await handler(request)
    except web.HTTPException as error:
        error.headers.update(HEADERS)
        raise
    if not answer.prepared:
        answer.headers.update(HEADERS)
    return answer
