"""Sending and fetching files: multipart, attach:// and file ids."""

from bot.sandbox.context import Ctx
from bot.sandbox.errors import bad
from bot.sandbox.markup import read_markup
from bot.sandbox.methods.table import method
from bot.sandbox.params import Upload
from bot.sandbox.records import Json
from bot.sandbox.storage import MAX_FILE, image_type, media_body

FOLDERS = {"document": "documents", "photo": "photos", "voice": "voice", "audio": "music"}
ALBUM = range(2, 11)


def _upload(ctx: Ctx, kind: str, given: str, upload: Upload | None) -> Json:
    """The media part of a message from an upload or a known file id."""
    if upload is None:
        file = ctx.world.files.by_id.get(given)
        if file:
            return media_body(kind, file)
        if given.startswith(("http://", "https://")):
            raise bad("failed to get HTTP URL content")
        if not given or given.startswith("attach://"):
            raise bad(f"there is no {kind} in the request")
        raise bad("wrong file identifier/HTTP URL specified")
    if not upload.data:
        raise bad("file must be non-empty")
    if len(upload.data) > MAX_FILE:
        raise bad("file is too big")
    if kind == "photo" and not image_type(upload.data):
        raise bad("IMAGE_PROCESS_FAILED")
    stored = ctx.world.store(upload.name, upload.mime, upload.data, FOLDERS.get(kind, "videos"))
    return media_body(kind, stored)


def _send(ctx: Ctx, kind: str) -> Json:
    chat = ctx.chat()
    body = _upload(ctx, kind, ctx.params.text(kind), ctx.params.upload(kind)) | ctx.caption_body()
    markup, prompt = read_markup(ctx.params, private=chat.private)
    return ctx.post(chat, body, markup=markup, prompt=prompt).json()


@method
def send_document(ctx: Ctx) -> Json:
    """Any file."""
    return _send(ctx, "document")


@method
def send_photo(ctx: Ctx) -> Json:
    """A picture; other bytes are refused."""
    return _send(ctx, "photo")


@method
def send_voice(ctx: Ctx) -> Json:
    """A voice message."""
    return _send(ctx, "voice")


@method
def send_audio(ctx: Ctx) -> Json:
    """A piece of music."""
    return _send(ctx, "audio")


@method
def send_video(ctx: Ctx) -> Json:
    """A video."""
    return _send(ctx, "video")


@method
def send_animation(ctx: Ctx) -> Json:
    """A silent video or GIF."""
    return _send(ctx, "animation")


@method
def send_media_group(ctx: Ctx) -> list[Json]:
    """An album of two to ten files."""
    chat = ctx.chat()
    media = ctx.params.nested("media", "media")
    if not isinstance(media, list) or len(media) not in ALBUM:
        raise bad("there must be 2-10 items in the media group")
    bodies = []
    for item in media:
        given = str(item.get("media", ""))
        upload = ctx.params.attached(given) if given.startswith("attach://") else None
        bodies.append(_upload(ctx, str(item.get("type")), given, upload) | ctx.caption_body(item))
    group = str(ctx.world.clock.stamp()) + str(len(ctx.world.files.by_id))
    return [ctx.post(chat, body | {"media_group_id": group}).json() for body in bodies]


@method
def get_file(ctx: Ctx) -> Json:
    """Where a file can be fetched from."""
    file = ctx.world.files.by_id.get(ctx.params.text("file_id"))
    if file is None:
        raise bad("invalid file_id")
    if len(file.data) > MAX_FILE:
        raise bad("file is too big")
    return file.json()
