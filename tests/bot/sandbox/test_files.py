"""Files in both directions, in process and over HTTP."""

import struct
from collections.abc import AsyncIterator

import pytest
from telegram import InputMediaDocument, InputMediaPhoto
from telegram.error import BadRequest, InvalidToken
from telegram.ext import ExtBot

from bot.sandbox import Room, Sandbox

Client = ExtBot[None]
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480) + b"\0" * 9


@pytest.fixture(params=["in process", "over HTTP"])
async def client(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[Client]:
    if request.param == "in process":
        bot: Client = ExtBot(sandbox.token, request=sandbox.request(), get_updates_request=sandbox.request())
    else:
        await sandbox.serve()
        bot = ExtBot(sandbox.token, base_url=f"{sandbox.url}/bot", base_file_url=f"{sandbox.url}/file/bot")
    async with bot:
        yield bot


async def test_a_document_arrives_and_can_be_fetched(client: Client, chat: Room) -> None:
    sent = await client.send_document(
        chat.id, b"# plan\n", filename="plan v1.md", caption="<b>all</b>", parse_mode="HTML"
    )
    assert sent.document is not None
    assert (sent.document.file_name, sent.document.file_size, sent.caption) == ("plan v1.md", 7, "all")
    note = await chat.wait("all")
    assert note.file == b"# plan\n"
    file = await client.get_file(sent.document.file_id)
    assert bytes(await file.download_as_bytearray()) == b"# plan\n"
    again = await client.send_document(chat.id, sent.document.file_id)
    assert again.document is not None
    assert again.document.file_unique_id == sent.document.file_unique_id


async def test_a_photo_has_its_size_and_other_bytes_are_refused(client: Client, chat: Room) -> None:
    sent = await client.send_photo(chat.id, PNG)
    assert (sent.photo[0].width, sent.photo[0].height) == (640, 480)
    with pytest.raises(BadRequest, match=r"(?i)image_process_failed"):
        await client.send_photo(chat.id, b"no picture")


async def test_an_album(client: Client, chat: Room) -> None:
    sent = await client.send_media_group(chat.id, [InputMediaPhoto(PNG, caption="one"), InputMediaPhoto(PNG)])
    assert len({message.media_group_id for message in sent}) == 1
    assert sent[0].caption == "one"
    with pytest.raises(BadRequest, match="2-10 items"):
        await client.send_media_group(chat.id, [InputMediaDocument(b"x")])


async def test_a_persons_file_reaches_the_bot(client: Client, chat: Room) -> None:
    await chat.upload("../../etc/passwd", b"data", caption="/new look")
    [update] = await client.get_updates()
    assert update.message is not None
    document = update.message.document
    assert document is not None
    assert document.file_name == "../../etc/passwd", "names come as the person's client sends them"
    assert update.message.caption_entities[0].type == "bot_command"
    file = await client.get_file(document.file_id)
    assert file.file_path is not None
    assert ".." not in file.file_path
    assert bytes(await file.download_as_bytearray()) == b"data"
    await chat.upload("v.ogg", b"OggS", kind="voice", mime="audio/ogg")
    assert (await client.get_updates())[-1].message.voice is not None  # type: ignore[union-attr]


async def test_refusals(client: Client, chat: Room) -> None:
    for call, why in (
        (client.send_document(chat.id, b"", filename="x"), "file must be non-empty"),
        (client.send_document(chat.id, "nonsense"), "wrong file identifier"),
        (client.send_document(chat.id, "https://example.com/x"), "failed to get HTTP URL content"),
        (client.send_document(chat.id, b"x", caption="x" * 1025), "message caption is too long"),
        (client.get_file("nonsense"), "invalid file_id"),
    ):
        with pytest.raises(BadRequest, match=f"(?i){why}"):
            await call


async def test_edit_text_of_a_document_is_refused_and_the_caption_can_change(
    client: Client, chat: Room
) -> None:
    sent = await client.send_document(chat.id, b"x", caption="one")
    with pytest.raises(BadRequest, match=r"(?i)there is no text in the message to edit"):
        await client.edit_message_text("x", chat.id, sent.message_id)
    await client.edit_message_caption(chat.id, sent.message_id, caption="two")
    await chat.wait("two")


async def test_an_unknown_token_is_refused(sandbox: Sandbox) -> None:
    bot: Client = ExtBot("123:" + "a" * 35, request=sandbox.request(), get_updates_request=sandbox.request())
    with pytest.raises(InvalidToken, match=r"(?i)was rejected by the server|unauthorized"):
        await bot.initialize()
