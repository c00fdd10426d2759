"""Reply markup as Telegram checks it: inline keyboards, reply keyboards, ForceReply."""

from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.errors import bad
from bot.sandbox.params import Params
from bot.sandbox.records import Json

MAX_DATA = 64
MAX_BUTTONS = 100
MAX_COPY = 256
MAX_PLACEHOLDER = 64
STYLES = frozenset({"primary", "success", "danger"})
ACTIONS = (
    "callback_data", "url", "copy_text", "web_app", "login_url", "switch_inline_query",
    "switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "callback_game", "pay",
)  # fmt: skip


def read_markup(params: Params, *, private: bool) -> tuple[Json | None, Json | None]:
    """The inline keyboard (part of the message) and the prompt (seen by clients only)."""
    given = params.nested("reply_markup", "reply keyboard markup")
    if not given:
        return None, None
    if not isinstance(given, dict):
        raise bad("object expected as reply markup")
    if "inline_keyboard" in given:
        return _inline(given["inline_keyboard"], private=private), None
    if given.get("force_reply"):
        if len(str(given.get("input_field_placeholder") or "")) > MAX_PLACEHOLDER:
            raise bad("input field placeholder is too long")
        return None, given
    if given.get("keyboard") or given.get("remove_keyboard"):
        return None, given
    return None, None


def _inline(rows: Any, *, private: bool) -> Json | None:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('can\'t parse inline keyboard: Field "inline_keyboard" must be of type Array')
    kept = [[_button(button, private=private) for button in row] for row in rows if row]
    if sum(len(row) for row in kept) > MAX_BUTTONS:
        raise bad("reply markup is too long")
    return {"inline_keyboard": kept} if kept else None


def _button(button: Any, *, private: bool) -> Json:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad("can't parse inline keyboard button: Can't find field \"text\"")
    if not button["text"].strip():
        raise bad("can't parse inline keyboard button: Text must be non-empty")
    actions = [name for name in ACTIONS if button.get(name) not in (None, False)]
    if len(actions) != 1:
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if button.get("style") not in {None, *STYLES}:
        raise bad("can't parse inline keyboard button: Invalid button style specified")
    CHECKS.get(actions[0], _free)(button, private)
    return {name: value for name, value in button.items() if value is not None}


def _free(button: Json, private: bool) -> None:  # noqa: FBT001 - one signature for all checks
    """Kinds of buttons the sandbox only shows."""


def _data(button: Json, private: bool) -> None:  # noqa: FBT001
    size = len(str(button["callback_data"]).encode())
    if not 1 <= size <= MAX_DATA:
        raise bad("BUTTON_DATA_INVALID")


def _url(button: Json, private: bool) -> None:  # noqa: FBT001
    parts = urlsplit(str(button["url"]))
    if parts.scheme not in {"http", "https", "tg"} or not parts.netloc:
        raise bad(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")


def _copy(button: Json, private: bool) -> None:  # noqa: FBT001
    text = button["copy_text"].get("text") if isinstance(button["copy_text"], dict) else ""
    if not text or len(text) > MAX_COPY:
        raise bad("BUTTON_COPY_TEXT_INVALID")


def _web_app(button: Json, private: bool) -> None:  # noqa: FBT001
    if not private:
        raise bad("BUTTON_TYPE_INVALID")
    url = button["web_app"].get("url", "") if isinstance(button["web_app"], dict) else ""
    if not str(url).startswith("https://"):
        raise bad(f"inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed")


CHECKS = {"callback_data": _data, "url": _url, "copy_text": _copy, "web_app": _web_app}
