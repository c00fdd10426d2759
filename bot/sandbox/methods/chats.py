"""Facts about chats and members."""

from bot.sandbox.context import Ctx
from bot.sandbox.errors import bad
from bot.sandbox.methods.table import method
from bot.sandbox.records import Chat, Json, Member

PERMISSIONS = (
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos",
    "can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages",
    "can_add_web_page_previews", "can_change_info", "can_invite_users", "can_pin_messages",
    "can_manage_topics",
)  # fmt: skip
GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


@method
def get_me(ctx: Ctx) -> Json:
    """The bot itself."""
    return ctx.bot.json()


@method
def get_chat(ctx: Ctx) -> Json:
    """Everything about a chat."""
    chat = ctx.known_chat()
    if not chat.private:
        ctx.chat()
    info = chat.json() | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(GIFTS, False),
    }
    if not chat.private:
        info["permissions"] = dict.fromkeys(PERMISSIONS, True)
    pinned = chat.messages.get(chat.pinned[-1]) if chat.pinned else None
    if pinned:
        info["pinned_message"] = pinned.json(nested=True)
    return info


@method
def get_chat_member(ctx: Ctx) -> Json:
    """Somebody's standing; people who never were there have left."""
    chat = ctx.chat()
    user_id = ctx.params.integer("user_id")
    member = chat.members.get(user_id)
    if member is None:
        user = ctx.world.users.get(user_id)
        if user is None:
            raise bad("PARTICIPANT_ID_INVALID")
        member = Member(user, "left")
    return member.json()


def _group(ctx: Ctx) -> Chat:
    chat = ctx.chat()
    if chat.private:
        raise bad("there are no administrators in the private chat")
    return chat


@method
def get_chat_administrators(ctx: Ctx) -> list[Json]:
    """Owner and administrators, without other bots."""
    members = _group(ctx).members.values()
    high = [m for m in members if m.status in {"creator", "administrator"}]
    return [m.json() for m in high if not m.user.is_bot or m.user.id == ctx.bot.id]


@method
def get_chat_member_count(ctx: Ctx) -> int:
    """How many are in the chat."""
    return sum(1 for member in ctx.chat().members.values() if member.present)


@method
def leave_chat(ctx: Ctx) -> bool:
    """The bot goes."""
    chat = ctx.chat()
    if chat.private:
        raise bad("chat member status can't be changed in private chats")
    user = ctx.bot.user
    ctx.world.set_member(chat, user, Member(user, "left"), user)
    ctx.world.service(chat, user, {"left_chat_member": user.json()})
    return True
