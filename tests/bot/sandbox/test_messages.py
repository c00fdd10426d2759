"""Sending, editing and deleting behave, and refuse, like Telegram."""

import re
from typing import Any

import pytest
from telegram import ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity
from telegram.error import BadRequest
from telegram.ext import ExtBot

from bot.sandbox import NotSeenError, Room, Sandbox

Client = ExtBot[None]


def keys(*labels: str, **extra: Any) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(x, callback_data=x.lower(), **extra) for x in labels]])


def refused(text: str) -> Any:
    return pytest.raises(BadRequest, match=re.compile(re.escape(text), re.IGNORECASE))


async def test_a_sent_message_comes_back_as_telegram_shows_it(client: Client, chat: Room) -> None:
    sent = await client.send_message(chat.id, "hello", reply_markup=keys("Yes", style="success"))
    assert sent.text == "hello"
    assert sent.chat.type == "private"
    assert sent.from_user is not None
    assert sent.from_user.is_bot
    note = await chat.wait("hello")
    assert note.buttons == ["Yes"]
    assert note.keyboard[0][0]["style"] == "success"


async def test_an_unknown_chat_is_not_found(client: Client) -> None:
    with refused("chat not found"):
        await client.send_message(424242, "x")


@pytest.mark.parametrize("text", ["", "  \n "])
async def test_an_empty_text_is_refused(client: Client, chat: Room, text: str) -> None:
    with refused("message text is empty"):
        await client.send_message(chat.id, text)


async def test_length_is_counted_in_utf_16(client: Client, chat: Room) -> None:
    await client.send_message(chat.id, "🚀" * 2048)
    with refused("message is too long"):
        await client.send_message(chat.id, "🚀" * 2048 + "x")


async def test_an_edit_without_a_change_is_refused(client: Client, chat: Room) -> None:
    sent = await client.send_message(chat.id, "same", reply_markup=keys("A"))
    with refused("message is not modified: specified new message content and reply markup are exactly"):
        await client.edit_message_text("same", chat.id, sent.message_id, reply_markup=keys("A"))
    edited = await client.edit_message_text("same", chat.id, sent.message_id)
    assert edited.reply_markup is None, "an edit without a keyboard removes it"  # type: ignore[union-attr]


async def test_an_edit_marks_the_message(client: Client, chat: Room) -> None:
    sent = await client.send_message(chat.id, "one")
    note = await chat.wait("one")
    await client.edit_message_text("two", chat.id, sent.message_id)
    assert (await chat.wait("two", after=note)).edited
    assert note.text == "two"


async def test_missing_and_foreign_messages_are_not_edited(client: Client, chat: Room) -> None:
    with refused("message to edit not found"):
        await client.edit_message_text("x", chat.id, 99)
    said = await chat.say("mine")
    with refused("message can't be edited"):
        await client.edit_message_text("x", chat.id, said.id)


async def test_a_keyboard_alone_can_change(client: Client, chat: Room) -> None:
    sent = await client.send_message(chat.id, "q", reply_markup=keys("A"))
    await client.edit_message_reply_markup(chat.id, sent.message_id, reply_markup=keys("B"))
    note = await chat.wait("q", button="B")
    assert not note.edited
    await client.edit_message_reply_markup(chat.id, sent.message_id, reply_markup=None)
    assert note.buttons == []


async def test_deleting(client: Client, chat: Room) -> None:
    sent = await client.send_message(chat.id, "gone soon")
    note = await chat.wait("gone")
    await client.delete_message(chat.id, sent.message_id)
    assert note.deleted
    with refused("message to delete not found"):
        await client.delete_message(chat.id, sent.message_id)
    said = await chat.say("x")
    assert await client.delete_messages(chat.id, [said.id, 999])
    assert chat.messages == []


async def test_a_reply_names_its_target_or_is_refused(client: Client, chat: Room) -> None:
    said = await chat.say("first")
    sent = await client.send_message(chat.id, "answer", reply_to_message_id=said.id)
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "first"
    with refused("message to be replied not found"):
        await client.send_message(chat.id, "x", reply_to_message_id=999)
    sent = await client.send_message(chat.id, "x", reply_to_message_id=999, allow_sending_without_reply=True)
    assert sent.reply_to_message is None


async def test_button_data_is_at_most_64_bytes(client: Client, chat: Room) -> None:
    def one(data: str) -> InlineKeyboardMarkup:
        return InlineKeyboardMarkup([[InlineKeyboardButton("A", callback_data=data)]])

    await client.send_message(chat.id, "x", reply_markup=one("é" * 32))
    with refused("Button_data_invalid"):
        await client.send_message(chat.id, "x", reply_markup=one("é" * 33))


async def test_html_becomes_entities(client: Client, chat: Room) -> None:
    text = (
        '🚀 <b>bold <i>both</i></b> &lt;tag&gt; <a href="https://e.org">x</a> '
        '<pre><code class="language-py">1</code></pre>'
    )
    sent = await client.send_message(chat.id, text, parse_mode="HTML")
    assert sent.text == "🚀 bold both <tag> x 1"
    found = [(str(e.type), e.offset, e.length) for e in sent.entities]
    assert found == [("bold", 3, 9), ("italic", 8, 4), ("text_link", 19, 1), ("pre", 21, 1)]
    assert sent.entities[3].language == "py"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<b>open", "can't parse entities: can't find end tag corresponding to start tag \"b\""),
        ("<div>x</div>", 'can\'t parse entities: unsupported start tag "div" at byte offset 0'),
        ("é <b>x</i>", 'unmatched end tag at byte offset 7, expected "</b>", found "</i>"'),
        ("1 < 2", 'unsupported start tag "" at byte offset 2'),
        ("x</b>", "unexpected end tag at byte offset 1"),
    ],
)
async def test_bad_html_is_refused(client: Client, chat: Room, text: str, why: str) -> None:
    with refused(why):
        await client.send_message(chat.id, text, parse_mode="HTML")


async def test_markdown_v2(client: Client, chat: Room) -> None:
    text = "*bold* _it_ __un__ ~st~ ||sp|| `c` [l](https://e.org) \\. \n```py\nx = 1\n```\n>quote"
    sent = await client.send_message(chat.id, text, parse_mode="MarkdownV2")
    kinds = [str(e.type) for e in sent.entities]
    assert kinds == [
        "bold", "italic", "underline", "strikethrough", "spoiler", "code", "text_link", "pre", "blockquote",
    ]  # fmt: skip
    with refused("Character '.' is reserved and must be escaped"):
        await client.send_message(chat.id, "end.", parse_mode="MarkdownV2")
    with refused("can't find end of Bold entity at byte offset 0"):
        await client.send_message(chat.id, "*open", parse_mode="MarkdownV2")


async def test_explicit_entities_are_checked_against_the_text(client: Client, chat: Room) -> None:
    good = MessageEntity("bold", 2, 1)
    sent = await client.send_message(chat.id, "🚀x", entities=[good])
    assert [(str(e.type), e.offset, e.length) for e in sent.entities] == [("bold", 2, 1)]
    for offset, length, why in (
        (1, 2, "in a middle of a UTF-16 symbol"),
        (2, 5, "ends after the end of the text"),
        (9, 1, "begins after the end of the text"),
    ):
        with refused(why):
            await client.send_message(chat.id, "🚀x", entities=[MessageEntity("bold", offset, length)])


async def test_entities_beyond_a_hundred_are_dropped(client: Client, chat: Room) -> None:
    many = [MessageEntity("bold", 2 * i, 1) for i in range(150)]
    sent = await client.send_message(chat.id, "a " * 150, entities=many)
    assert len(sent.entities) == 100
    assert sent.entities[-1].offset == 198


async def test_commands_links_and_mentions_are_found(client: Client, chat: Room) -> None:
    sent = await client.send_message(
        chat.id, "/go@x_bot see https://e.org/a?b. or README.md @leadhand_bot a/b #t"
    )
    found = {str(e.type): sent.parse_entity(e) for e in sent.entities if e.type != "url"}
    assert found == {"bot_command": "/go@x_bot", "mention": "@leadhand_bot", "hashtag": "#t"}
    links = [sent.parse_entity(e) for e in sent.entities if e.type == "url"]
    assert links == ["https://e.org/a?b", "README.md"]


async def test_white_space_is_trimmed_and_entities_move(client: Client, chat: Room) -> None:
    sent = await client.send_message(chat.id, "\n  ab  \n", entities=[MessageEntity("bold", 4, 1)])
    assert sent.text == "ab"
    assert (sent.entities[0].offset, sent.entities[0].length) == (1, 1)


async def test_force_reply_reaches_the_person(client: Client, chat: Room) -> None:
    await client.send_message(chat.id, "what?", reply_markup=ForceReply(input_field_placeholder="Say it"))
    note = await chat.wait("what?")
    assert note.prompt == {"force_reply": True, "input_field_placeholder": "Say it"}


async def test_drafts_only_in_private_chats(client: Client, sandbox: Sandbox, chat: Room) -> None:
    assert await client.send_message_draft(chat.id, 7, "thinking about it")
    assert chat.draft == "thinking about it"
    sandbox.clock.advance(31)
    assert not chat.draft
    await client.send_message_draft(chat.id, 7, "again")
    await client.send_message(chat.id, "done")
    assert not chat.draft, "the message replaces the draft"
    group = sandbox.group("Crew", [sandbox.user("Cid")])
    with refused("drafts can be sent only to private chats"):
        await client.send_message_draft(group.id, 7, "x")


async def test_copy_and_forward(client: Client, chat: Room) -> None:
    said = await chat.say("take this")
    copied = await client.copy_message(chat.id, chat.id, said.id)
    assert chat.chat.messages[copied.message_id].text == "take this"
    forwarded = await client.forward_message(chat.id, chat.id, said.id)
    assert forwarded.forward_origin is not None


async def test_reactions(client: Client, chat: Room) -> None:
    said = await chat.say("x")
    assert await client.set_message_reaction(chat.id, said.id, "👀")
    with refused("Reaction_invalid"):
        await client.set_message_reaction(chat.id, said.id, "✅")
    with refused("message to react not found"):
        await client.set_message_reaction(chat.id, 99, "👀")


async def test_a_wait_that_fails_shows_the_chat(client: Client, chat: Room) -> None:
    await client.send_message(chat.id, "something else", reply_markup=keys("Yes", "No"))
    with pytest.raises(NotSeenError) as caught:
        await chat.wait("expected", timeout=0.05)
    assert "something else" in str(caught.value)
    assert "[Yes | No]" in str(caught.value)


async def test_a_long_text_of_a_person_arrives_in_parts(client: Client, chat: Room) -> None:
    await chat.say("x" * 10_000)
    updates = await client.get_updates()
    assert [len(u.message.text or "") for u in updates if u.message] == [4096, 4096, 1808]
