"""Files in memory: bytes under random ids, the way getFile and the chat page find them."""

import secrets
import struct

from bot.sandbox.params import Upload
from bot.sandbox.records import File, Json

MAX_FILE = 20 * 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
GIF = b"GIF8"
WEBP = b"WEBP"
FALLBACK_SIZE = (800, 600)


class Files:
    """All files by id and by path."""

    def __init__(self) -> None:
        self.by_id: dict[str, File] = {}
        self.by_path: dict[str, File] = {}

    def add(self, name: str, mime: str, data: bytes, folder: str) -> File:
        """Keep a file; the path carries no part of its name but the ending."""
        unique = secrets.token_hex(8)
        suffix = name.rsplit(".", 1)[-1] if "." in name else "bin"
        suffix = "".join(c for c in suffix if c.isalnum())[:10] or "bin"
        path = f"{folder}/file_{len(self.by_id) + 1}.{suffix}"
        file = File("BQAC" + secrets.token_urlsafe(30), unique, name, mime, data, path)
        self.by_id[file.id] = self.by_path[path] = file
        return file


def image_type(data: bytes) -> str:
    """The MIME type of a picture, or nothing."""
    if data.startswith(PNG):
        return "image/png"
    if data.startswith(JPEG):
        return "image/jpeg"
    if data.startswith(GIF):
        return "image/gif"
    return "image/webp" if data[8:12] == WEBP else ""


def image_size(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG; a usual size for other kinds."""
    if data.startswith(PNG) and len(data) > 24:  # noqa: PLR2004 - the header's length
        width, height = struct.unpack(">II", data[16:24])
        return int(width), int(height)
    return FALLBACK_SIZE


def media_body(kind: str, file: File) -> Json:
    """The part of a message that shows a file."""
    base: Json = {"file_id": file.id, "file_unique_id": file.unique_id, "file_size": len(file.data)}
    if kind == "photo":
        width, height = image_size(file.data)
        return {"photo": [base | {"width": width, "height": height}]}
    if kind in {"voice", "audio", "video", "animation"}:
        base |= {"duration": 1, "mime_type": file.mime}
    if kind in {"video", "animation"}:
        base |= {"width": FALLBACK_SIZE[0], "height": FALLBACK_SIZE[1]}
    if kind in {"audio", "video", "animation", "document"}:
        base |= {"file_name": file.name, "mime_type": file.mime}
    return {kind: base}


def upload_of(file: File) -> Upload:
    """A stored file as if it were sent again."""
    return Upload(file.name, file.mime, file.data)
