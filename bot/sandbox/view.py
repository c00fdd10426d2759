"""What the chat page sees: the world as JSON, and each change as an event."""

from bot.sandbox.feed import Change
from bot.sandbox.records import Chat, Json, Message
from bot.sandbox.world import World

SHOWN = 300


def state(world: World) -> Json:
    """Everything the page needs to draw itself."""
    bots = [{**bot.user.json(), "key": str(bot.id)} for bot in world.bots.values()]
    return {
        "event": world.feed.last,
        "users": [user.json() for user in world.users.values()],
        "bots": bots,
        "chats": [chat_view(world, chat, messages=True) for chat in world.chats()],
    }


def chat_view(world: World, chat: Chat, *, messages: bool = False) -> Json:
    """One chat with members, topics, pins, commands; its last messages when asked."""
    bot = next(iter(world.bots_in(chat)), None)
    data: Json = {
        "key": chat.key,
        "id": chat.id,
        "type": chat.kind,
        "title": bot.user.first_name if chat.private and bot else chat.title,
        "forum": chat.forum,
        "members": [
            {"id": m.user.id, "status": m.status, "bot": m.user.is_bot, "name": m.user.first_name}
            for m in chat.members.values()
        ],
        "topics": [topic.json() | {"closed": topic.closed} for topic in chat.topics.values()],
        "pinned": list(chat.pinned),
        "tips": list(chat.tips),
        "commands": commands(world, chat),
        "drafts": {str(topic): draft_view(world, chat, topic) for topic in chat.drafts},
    }
    if messages:
        data["messages"] = [message_view(m) for m in list(chat.messages.values())[-SHOWN:]]
    return data


def commands(world: World, chat: Chat) -> dict[str, list[Json]]:
    """The command menu of every person in the chat, by user id."""
    menus: dict[str, list[Json]] = {}
    for member in chat.members.values():
        if member.user.is_bot:
            continue
        admin = member.status in {"creator", "administrator"}
        found: list[Json] = []
        for bot in world.bots_in(chat):
            language = member.user.language
            found += bot.commands_for(chat.id, private=chat.private, admin=admin, language=language)
        menus[str(member.user.id)] = found
    return menus


def message_view(message: Message) -> Json:
    """A message with what only clients see."""
    return message.json() | {
        "chat_key": message.chat.key,
        "service": message.service,
        "prompt": message.prompt,
        "reactions": [r["emoji"] for given in message.reactions.values() for r in given if "emoji" in r],
        "silent": message.silent,
    }


def draft_view(world: World, chat: Chat, topic: int) -> Json | None:
    """A live draft, or nothing when it ended."""
    draft = chat.drafts.get(topic)
    if draft is None or draft["until"] <= world.clock.now():
        return None
    return {"text": draft["text"], "entities": draft["entities"], "id": draft["id"]}


def event(world: World, change: Change) -> Json | None:
    """A change as the page gets it, in its present state; None for what the page does not show."""
    chat = world.by_key(change.chat) if change.chat else None
    base: Json = {"kind": change.kind, "chat": change.chat}
    if change.kind == "message" and chat:
        message = chat.messages.get(change.ref)
        return base | {"message": message_view(message)} if message else None
    if change.kind in {"draft", "action"} and chat:
        action = chat.actions.get(change.ref, {}).get("action")
        return base | {"topic": change.ref, "draft": draft_view(world, chat, change.ref), "action": action}
    if change.kind == "delete":
        return base | {"id": change.ref}
    if change.kind == "pins" and chat:
        return base | {"pinned": list(chat.pinned)}
    if change.kind in {"chats", "users", "commands", "reset"}:
        return base
    return None
