"""Updates as Telegram sends them."""

from __future__ import annotations

from typing import Any

from telegram import Bot, Update

OWNER = 7
STRANGER = 666
CHANNEL = {"id": -1001, "type": "channel", "title": "News"}


def user(id: int = OWNER, **more: Any) -> dict[str, Any]:
    return {"id": id, "is_bot": False, "first_name": f"User {id}", **more}


def place(chat: int) -> dict[str, Any]:
    if chat > 0:
        return {"id": chat, "type": "private", "first_name": "x"}
    return {"id": chat, "type": "supergroup", "title": "Crew"}


def body(text: str = "hello", *, chat: int = OWNER, by: int = OWNER, **more: Any) -> dict[str, Any]:
    command = text.split(" ", maxsplit=1)[0]
    entities = [{"type": "bot_command", "offset": 0, "length": len(command)}] if text[:1] == "/" else []
    return {
        "message_id": 1,
        "date": 1_700_000_000,
        "chat": place(chat),
        "from": user(by),
        "text": text,
        "entities": entities,
        **more,
    }


def message(id: int = 1, text: str = "hello", **more: Any) -> dict[str, Any]:
    return {"update_id": id, "message": body(text, **more)}


def callback(id: int = 1, *, chat: int = OWNER, by: int = OWNER, data: str = "v1:x:ok") -> dict[str, Any]:
    query = {
        "id": "q1",
        "from": user(by),
        "chat_instance": "1",
        "data": data,
        "message": body("card", chat=chat),
    }
    return {"update_id": id, "callback_query": query}


def membership(id: int = 1, *, chat: int = -5, by: int = OWNER, status: str = "member") -> dict[str, Any]:
    bot = {"id": 123456, "is_bot": True, "first_name": "Lead"}
    change = {
        "chat": place(chat),
        "from": user(by),
        "date": 1_700_000_000,
        "old_chat_member": {"user": bot, "status": "left"},
        "new_chat_member": {
            "user": bot,
            "status": status,
            **({"until_date": 0} if status == "kicked" else {}),
        },
    }
    return {"update_id": id, "my_chat_member": change}


def of(raw: dict[str, Any], bot: Bot | None = None) -> Update:
    return Update.de_json(raw, bot)
