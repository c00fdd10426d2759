"""How updates arrive: long poll, conflicts, button presses, edits, reactions."""

import asyncio

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import BadRequest, Conflict
from telegram.ext import ExtBot

from bot.sandbox import Person, Room, Sandbox, StillSpinningError

Client = ExtBot[None]
YES = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="yes")]])


async def test_a_poll_waits_for_an_update_and_the_offset_confirms(client: Client, chat: Room) -> None:
    poll = asyncio.create_task(client.get_updates(timeout=5))
    await asyncio.sleep(0.01)
    assert not poll.done()
    await chat.say("one")
    [update] = await poll
    assert [u.update_id for u in await client.get_updates()] == [update.update_id], "unconfirmed comes again"
    assert await client.get_updates(offset=update.update_id + 1) == ()


async def test_an_empty_poll_ends_in_time(client: Client) -> None:
    loop = asyncio.get_running_loop()
    start = loop.time()
    assert await client.get_updates(timeout=1) == ()
    assert 0.9 < loop.time() - start < 2


async def test_limit_and_negative_offset(client: Client, chat: Room) -> None:
    for number in range(5):
        await chat.say(str(number))
    assert len(await client.get_updates(limit=2)) == 2
    last = await client.get_updates(offset=-1)
    assert [u.message.text for u in last if u.message] == ["4"]


async def test_the_older_of_two_pollers_gets_a_conflict(client: Client, chat: Room) -> None:
    older = asyncio.create_task(client.get_updates(timeout=5))
    await asyncio.sleep(0.01)
    newer = asyncio.create_task(client.get_updates(timeout=5))
    with pytest.raises(Conflict, match="terminated by other getUpdates request; make sure that only one bot"):
        await older
    await chat.say("for the newer")
    assert len(await newer) == 1


async def test_allowed_updates_filter_and_are_remembered(client: Client, chat: Room) -> None:
    await client.get_updates(allowed_updates=[Update.CALLBACK_QUERY])
    await chat.say("not wanted")
    assert await client.get_updates() == ()
    await client.get_updates(allowed_updates=[])
    await chat.say("wanted again")
    assert len(await client.get_updates()) == 1


async def test_a_press_is_answered_once(client: Client, chat: Room, ann: Person) -> None:
    await client.send_message(chat.id, "ok?", reply_markup=YES)
    note = await chat.wait("ok?")
    press = asyncio.create_task(note.press("Yes", as_=ann))
    [update] = await client.get_updates(timeout=2)
    query = update.callback_query
    assert query is not None
    assert (query.data, query.from_user.id) == ("yes", ann.id)
    assert query.message is not None
    await client.answer_callback_query(query.id, "Saved", show_alert=True)
    toast = await press
    assert toast == "Saved"
    assert toast.alert
    with pytest.raises(BadRequest, match=r"(?i)query is too old and response timeout expired or query ID"):
        await client.answer_callback_query(query.id)


async def test_an_old_press_cannot_be_answered(client: Client, sandbox: Sandbox, chat: Room) -> None:
    await client.send_message(chat.id, "ok?", reply_markup=YES)
    with pytest.raises(StillSpinningError, match="'Yes' still spinning"):
        await chat.last.press("Yes", timeout=0.02)
    [update] = await client.get_updates()
    sandbox.clock.advance(120)
    assert update.callback_query is not None
    with pytest.raises(BadRequest, match=r"(?i)query is too old"):
        await client.answer_callback_query(update.callback_query.id)


async def test_forged_data_reaches_the_bot(client: Client, chat: Room) -> None:
    await client.send_message(chat.id, "no buttons here")
    press = asyncio.create_task(chat.last.press(data="forged"))
    [update] = await client.get_updates(timeout=2)
    assert update.callback_query is not None
    assert update.callback_query.data == "forged"
    await client.answer_callback_query(update.callback_query.id)
    assert await press == ""


async def test_edits_and_reactions_of_people_are_updates(client: Client, chat: Room) -> None:
    await client.get_updates(allowed_updates=Update.ALL_TYPES)
    said = await chat.say("one")
    await said.edit("two")
    await said.react("👍")
    kinds = [
        (u.message and u.message.text, u.edited_message and u.edited_message.text, bool(u.message_reaction))
        for u in await client.get_updates()
    ]
    assert kinds == [("one", None, False), (None, "two", False), (None, None, True)]
