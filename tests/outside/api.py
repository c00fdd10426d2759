"""A Bot API server as small as one can be: seven methods, required fields only, 404 for the rest."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message as Mail
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

TOKEN = "424242:outside-server"
PATIENCE_S = 20.0
Json = dict[str, Any]
Answer = tuple[int, Json]


@dataclass
class Card:
    """One message of the bot, as it looks now."""

    id: int
    chat: int
    text: str
    markup: Json
    params: Json
    sent: float
    edits: int = 0
    gone: bool = False

    @property
    def rows(self) -> list[list[Json]]:
        rows: list[list[Json]] = self.markup.get("inline_keyboard", [])
        return rows

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in self.rows for button in row]

    def button(self, label: str) -> Json:
        """The button whose text contains the label."""
        return next(button for row in self.rows for button in row if label in button["text"])


@dataclass
class Call:
    method: str
    params: Json
    at: float
    status: int = 0


@dataclass
class BotApi:
    """The world the bot sees. Everything is guarded by one condition."""

    chat_type: str = "private"
    username: str | None = "outside_bot"
    delay_s: float = 0.0
    fault: Callable[[str, Json], Answer | None] | None = None
    calls: list[Call] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    toasts: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._updates: list[Json] = []
        self._ids = iter(range(1, 10**9))
        self._update_ids = iter(range(700_000, 10**9))
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.start()

    # ---- life ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Listen; the second time on the same port."""
        world = self

        class Handler(_Handler):
            api = world

        class Server(ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        self._up = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections from now on."""
        if self._server is not None:
            self._up = False
            with self.changed:
                self.changed.notify_all()
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # ---- what people do -------------------------------------------------------------------------------

    def say(self, text: str, *, user: int = 77, chat: int | None = None, reply_to: Card | None = None) -> int:
        with self.changed:
            place = {"id": chat or user, "type": self.chat_type if chat else "private"}
            message: Json = {"message_id": next(self._ids), "date": int(time.time()), "chat": place}
            message["from"] = {"id": user, "is_bot": False, "first_name": f"Person {user}"}
            message["text"] = text
            if text.startswith("/"):
                length = len(text.split(maxsplit=1)[0])
                message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
            if reply_to is not None:
                old = {"message_id": reply_to.id, "date": int(reply_to.sent), "chat": place}
                message["reply_to_message"] = {**old, "text": reply_to.text}
            self._push({"message": message})
            return int(message["message_id"])

    def press(self, card: Card, label: str, *, user: int = 77) -> None:
        self.press_data(card, card.button(label)["callback_data"], user=user)

    def press_data(self, card: Card, data: str, *, user: int = 77) -> None:
        with self.changed:
            place = {"id": card.chat, "type": "private" if card.chat > 0 else self.chat_type}
            message = {"message_id": card.id, "date": int(card.sent), "chat": place, "text": card.text}
            who = {"id": user, "is_bot": False, "first_name": f"Person {user}"}
            number = str(next(self._ids))
            query = {"id": number, "from": who, "chat_instance": "1", "message": message, "data": data}
            self._push({"callback_query": query})

    def _push(self, update: Json) -> None:
        self._updates.append({"update_id": next(self._update_ids), **update})
        self.changed.notify_all()

    # ---- what people see ------------------------------------------------------------------------------

    def wait(self, seen: Callable[[], Any], what: str, patience: float = PATIENCE_S) -> Any:
        """Wait until something is true, or say what the chat shows."""
        until = time.monotonic() + patience
        with self.changed:
            while not (found := seen()):
                left = until - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"{what} did not come. The chat:\n{self.transcript()}")
                self.changed.wait(min(left, 0.1))
            return found

    def card(self, *parts: str, patience: float = PATIENCE_S, button: str = "", chat: int = 0) -> Card:
        """The newest message that holds all these words, waited for."""

        def seen() -> Card | None:
            for card in reversed(self.cards):
                here = not card.gone and chat in {0, card.chat} and all(p in card.text for p in parts)
                if here and (not button or any(button in label for label in card.labels)):
                    return card
            return None

        found: Card = self.wait(seen, f"a message with {parts} {button}", patience)
        return found

    def all(self, *parts: str) -> list[Card]:
        with self.changed:
            return [card for card in self.cards if all(p in card.text for p in parts)]

    def settled(self, seconds: float = 0.5) -> None:
        """Wait until the bot has been quiet for a while."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            with self.changed:
                last = max((c.at for c in self.calls if c.method != "getUpdates"), default=0.0)
            if time.monotonic() - last > seconds:
                return
            time.sleep(0.05)

    def transcript(self) -> str:
        return "\n".join(f"#{c.id}{' (gone)' if c.gone else ''} {c.text!r} {c.labels}" for c in self.cards)

    # ---- methods --------------------------------------------------------------------------------------

    def answer(self, method: str, params: Json) -> Answer:
        call = Call(method, params, time.monotonic())
        with self.changed:
            self.calls.append(call)
        if method != "getUpdates" and self.delay_s:
            time.sleep(self.delay_s)
        wrong = self.fault(method, params) if self.fault else None
        handler = getattr(self, f"do_{method.lower()}", None)
        if wrong is not None:
            found = wrong
        elif handler is None:
            found = (404, {"ok": False, "error_code": 404, "description": "Not Found"})
        else:
            with self.changed:
                found = handler(params)
                self.changed.notify_all()
        call.status = found[0]
        return found

    def do_getme(self, _: Json) -> Answer:
        me: Json = {"id": 424242, "is_bot": True, "first_name": "Outside"}
        return _ok({**me, "username": self.username} if self.username else me)

    def do_getupdates(self, params: Json) -> Answer:
        offset, until = int(params.get("offset", 0)), time.monotonic() + float(params.get("timeout", 0))
        self._updates = [u for u in self._updates if u["update_id"] >= offset]
        while not self._updates and self._up and (left := until - time.monotonic()) > 0:
            self.changed.wait(min(left, 0.2))
        return _ok([u for u in self._updates if u["update_id"] >= offset][:100])

    def do_sendmessage(self, params: Json) -> Answer:
        if not params.get("text", "").strip():
            return _bad("Bad Request: message text is empty")
        if len(params["text"].encode("utf-16-le")) // 2 > 4096:
            return _bad("Bad Request: message is too long")
        markup = params.get("reply_markup") or {}
        chat = int(params["chat_id"])
        card = Card(next(self._ids), chat, params["text"], markup, params, time.time())
        self.cards.append(card)
        return _ok(self._shown(card))

    def do_editmessagetext(self, params: Json) -> Answer:
        card = self._find(params)
        if card is None:
            return _bad("Bad Request: message to edit not found")
        markup = params.get("reply_markup") or {}
        if card.text == params["text"] and card.markup == markup:
            return _bad("Bad Request: message is not modified: nothing changed")
        card.text, card.markup, card.edits = params["text"], markup, card.edits + 1
        return _ok(self._shown(card))

    def do_editmessagereplymarkup(self, params: Json) -> Answer:
        card = self._find(params)
        if card is None:
            return _bad("Bad Request: message to edit not found")
        card.markup, card.edits = params.get("reply_markup") or {}, card.edits + 1
        return _ok(self._shown(card))

    def do_answercallbackquery(self, params: Json) -> Answer:
        self.toasts.append(params)
        return _ok(True)

    def do_deletemessage(self, params: Json) -> Answer:
        card = self._find(params)
        if card is None:
            return _bad("Bad Request: message to delete not found")
        card.gone = True
        return _ok(True)

    def _find(self, params: Json) -> Card | None:
        wanted = int(params["chat_id"]), int(params["message_id"])
        return next((c for c in self.cards if (c.chat, c.id) == wanted and not c.gone), None)

    def _shown(self, card: Card) -> Json:
        place = {"id": card.chat, "type": "private" if card.chat > 0 else self.chat_type}
        return {"message_id": card.id, "date": int(card.sent), "chat": place}


def _ok(result: Any) -> Answer:
    return 200, {"ok": True, "result": result}


def _bad(description: str) -> Answer:
    return 400, {"ok": False, "error_code": 400, "description": description}


class _Handler(BaseHTTPRequestHandler):
    api: BotApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.api._up:
            self.close_connection = True
            return
        address = urlsplit(self.path)
        bot, _, method = address.path.strip("/").partition("/")
        params = dict(parse_qsl(address.query)) | _params(self.headers, body)
        if bot != f"bot{TOKEN}":
            status, answer = 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
        else:
            status, answer = self.api.answer(method, {k: _value(v) for k, v in params.items()})
        data = json.dumps(answer).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        del format, args


def _params(headers: Mail, body: bytes) -> dict[str, Any]:
    kind = headers.get_content_type()
    if kind == "application/json":
        found: dict[str, Any] = json.loads(body or b"{}")
        return found
    if kind == "multipart/form-data":
        head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
        mail = BytesParser(policy=HTTP).parsebytes(head + body)
        parts = mail.iter_parts() if mail.is_multipart() else ()
        return {str(p.get_param("name", header="content-disposition")): p.get_content() for p in parts}
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def _value(value: Any) -> Any:
    """Nested objects come as JSON in a form."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
