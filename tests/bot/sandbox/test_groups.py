"""Groups: privacy mode, rights, topics, pins, membership, migration."""

import re
from typing import Any

import pytest
from telegram.error import BadRequest, ChatMigrated, Forbidden
from telegram.ext import ExtBot

from bot.sandbox import Person, Room, Sandbox
from bot.sandbox.people import RefusedError

Client = ExtBot[None]


def refused(text: str) -> Any:
    return pytest.raises(BadRequest, match=re.compile(re.escape(text), re.IGNORECASE))


async def heard(client: Client) -> list[str]:
    """The texts of all waiting messages, confirmed."""
    updates = await client.get_updates()
    if updates:
        await client.get_updates(offset=updates[-1].update_id + 1)
    return [u.message.text or "(service)" for u in updates if u.message]


async def test_privacy_mode_hides_plain_talk(client: Client, sandbox: Sandbox, ann: Person) -> None:
    crew = sandbox.group("Crew", [ann])
    await crew.say("just talking")
    await crew.say("/status")
    await crew.say("/status@other_bot")
    await crew.say("/go@leadhand_bot now")
    await crew.say("hey @leadhand_bot look")
    sent = await client.send_message(crew.id, "I am here")
    note = await crew.wait("I am here")
    await note.reply("good")
    assert sent.message_id == note.id
    assert await heard(client) == ["/status", "/go@leadhand_bot now", "hey @leadhand_bot look", "good"]


async def test_an_administrator_and_a_bot_without_privacy_hear_all(
    client: Client, sandbox: Sandbox, ann: Person
) -> None:
    crew = sandbox.group("Crew", [ann], bot_admin=True)
    await crew.say("one")
    other = sandbox.group("Other", [ann])
    sandbox.bot.privacy = False
    await other.say("two")
    assert await heard(client) == ["one", "two"]
    assert (await client.get_me()).can_read_all_group_messages


async def test_topics_live_and_die(client: Client, sandbox: Sandbox, ann: Person) -> None:
    crew = sandbox.group("Crew", [ann], forum=True, bot_admin=True)
    topic = await client.create_forum_topic(crew.id, "fix-login")
    thread = topic.message_thread_id
    sent = await client.send_message(crew.id, "in it", message_thread_id=thread)
    assert sent.is_topic_message
    assert sent.message_thread_id == thread
    said = await crew.say("hello", topic=thread)
    assert said.topic == thread
    update = (await client.get_updates())[-1]
    assert update.message is not None
    assert update.message.reply_to_message is not None, "messages in a topic hang on its first message"
    assert update.message.reply_to_message.forum_topic_created is not None
    assert await client.edit_forum_topic(crew.id, thread, name="fixed-login")
    with refused("Topic_not_modified"):
        await client.edit_forum_topic(crew.id, thread, name="fixed-login")
    assert await client.close_forum_topic(crew.id, thread)
    assert await client.reopen_forum_topic(crew.id, thread)
    assert await client.delete_forum_topic(crew.id, thread)
    with refused("message thread not found"):
        await client.send_message(crew.id, "x", message_thread_id=thread)
    with refused("Topic_id_invalid"):
        await client.delete_forum_topic(crew.id, thread)
    with pytest.raises(RefusedError, match="this topic is gone"):
        await crew.say("too late", topic=thread)


async def test_the_general_topic_has_no_id(client: Client, sandbox: Sandbox, ann: Person) -> None:
    crew = sandbox.group("Crew", [ann], forum=True, bot_admin=True)
    with refused("message thread not found"):
        await client.send_message(crew.id, "x", message_thread_id=1)
    assert not (await client.send_message(crew.id, "x")).is_topic_message


async def test_topics_need_rights_and_a_forum(client: Client, sandbox: Sandbox, ann: Person) -> None:
    crew = sandbox.group("Crew", [ann], forum=True)
    with refused("not enough rights to create a topic"):
        await client.create_forum_topic(crew.id, "x")
    plain = sandbox.group("Plain", [ann], bot_admin=True)
    with refused("the chat is not a forum"):
        await client.create_forum_topic(plain.id, "x")


async def test_a_closed_topic_is_for_administrators(
    client: Client, sandbox: Sandbox, ann: Person, bob: Person
) -> None:
    crew = sandbox.group("Crew", [ann, bob], forum=True, bot_admin=True)
    topic = await client.create_forum_topic(crew.id, "x")
    await client.close_forum_topic(crew.id, topic.message_thread_id)
    await client.send_message(crew.id, "still", message_thread_id=topic.message_thread_id)
    with pytest.raises(RefusedError, match="closed"):
        await crew.say("me too", as_=bob, topic=topic.message_thread_id)
    crew.add_bot(admin=False)
    with refused("Topic_closed"):
        await client.send_message(crew.id, "x", message_thread_id=topic.message_thread_id)


async def test_private_chats_may_have_topics(client: Client, ann: Person) -> None:
    chat = ann.private(topics=True)
    assert (await client.get_me()).has_topics_enabled
    topic = await client.create_forum_topic(chat.id, "one")
    await client.send_message(chat.id, "hi", message_thread_id=topic.message_thread_id)
    assert (await chat.wait("hi", topic=topic.message_thread_id)).topic == topic.message_thread_id
    said = await chat.say("back", topic=topic.message_thread_id)
    update = (await client.get_updates())[-1]
    assert update.message is not None
    assert update.message.message_id == said.id
    assert update.message.is_topic_message


async def test_private_chats_without_topics_refuse_them(client: Client, chat: Room) -> None:
    with refused("the chat is not a forum"):
        await client.create_forum_topic(chat.id, "x")
    with refused("message thread not found"):
        await client.send_message(chat.id, "x", message_thread_id=5)


async def test_replies_in_a_supergroup_make_threads_that_are_no_topics(
    client: Client, sandbox: Sandbox, ann: Person
) -> None:
    crew = sandbox.group("Crew", [ann], supergroup=True)
    said = await crew.say("/root")
    sent = await client.send_message(crew.id, "reply", reply_to_message_id=said.id)
    assert sent.message_thread_id == said.id
    assert not sent.is_topic_message


async def test_pins_need_rights(client: Client, sandbox: Sandbox, ann: Person) -> None:
    crew = sandbox.group("Crew", [ann])
    sent = await client.send_message(crew.id, "board")
    with refused("not enough rights to manage pinned messages in the chat"):
        await client.pin_chat_message(crew.id, sent.message_id)
    crew.add_bot(admin={"can_pin_messages"})
    await client.pin_chat_message(crew.id, sent.message_id)
    assert [note.id for note in crew.pinned] == [sent.message_id]
    assert (await client.get_chat(crew.id)).pinned_message is not None
    assert await client.unpin_chat_message(crew.id, sent.message_id)
    with refused("message to unpin not found"):
        await client.unpin_chat_message(crew.id)
    with refused("message to pin not found"):
        await client.pin_chat_message(crew.id, 999)
    assert await client.unpin_all_chat_messages(crew.id)


async def test_other_peoples_messages_need_rights_to_delete(
    client: Client, sandbox: Sandbox, ann: Person
) -> None:
    crew = sandbox.group("Crew", [ann])
    said = await crew.say("/x")
    with refused("message can't be deleted"):
        await client.delete_message(crew.id, said.id)
    crew.add_bot(admin=True)
    assert await client.delete_message(crew.id, said.id)


async def test_a_blocked_or_kicked_bot_is_told_so(
    client: Client, sandbox: Sandbox, ann: Person, chat: Room
) -> None:
    chat.block()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await client.send_message(chat.id, "x")
    update = (await client.get_updates())[-1]
    assert update.my_chat_member is not None
    assert update.my_chat_member.new_chat_member.status == "kicked"
    chat.unblock()
    await client.send_message(chat.id, "x")
    for kind, words in ((False, "group"), (True, "supergroup")):
        crew = sandbox.group("Crew", [ann], supergroup=kind)
        crew.kick_bot()
        with pytest.raises(Forbidden, match=f"bot was kicked from the {words} chat"):
            await client.send_message(crew.id, "x")


async def test_a_group_moves_to_a_new_id(client: Client, sandbox: Sandbox, ann: Person) -> None:
    crew = sandbox.group("Crew", [ann])
    new = crew.migrate()
    with pytest.raises(ChatMigrated) as caught:
        await client.send_message(crew.id, "x")
    assert caught.value.new_chat_id == new.id
    await client.send_message(new.id, "x")
    moves = [u.message for u in await client.get_updates() if u.message]
    assert [m.migrate_to_chat_id for m in moves] == [new.id, None]
    assert moves[1].migrate_from_chat_id == crew.id


async def test_members_and_administrators(client: Client, sandbox: Sandbox, ann: Person, bob: Person) -> None:
    crew = sandbox.group("Crew", [ann], bot_admin=True)
    assert (await client.get_chat_member(crew.id, ann.id)).status == "creator"
    assert (await client.get_chat_member(crew.id, bob.id)).status == "left"
    crew.add(bob)
    assert (await client.get_chat_member(crew.id, bob.id)).status == "member"
    crew.remove(bob)
    assert (await client.get_chat_member(crew.id, bob.id)).status == "kicked"
    assert [m.user.id for m in await client.get_chat_administrators(crew.id)] == [ann.id, sandbox.bot.id]
    assert await client.get_chat_member_count(crew.id) == 2
    services = [u.message for u in await client.get_updates() if u.message]
    assert services[0].new_chat_members[0].id == bob.id
    assert services[1].left_chat_member is not None


async def test_the_bot_leaves(client: Client, sandbox: Sandbox, ann: Person) -> None:
    crew = sandbox.group("Crew", [ann])
    await client.leave_chat(crew.id)
    with pytest.raises(Forbidden, match="bot is not a member of the group chat"):
        await client.send_message(crew.id, "x")


async def test_message_ids_collide_between_supergroups_but_not_between_private_chats(
    client: Client, sandbox: Sandbox, ann: Person, bob: Person
) -> None:
    one, two = (sandbox.group(name, [ann], supergroup=True) for name in ("One", "Two"))
    a, b = await client.send_message(one.id, "x"), await client.send_message(two.id, "x")
    assert a.message_id == b.message_id
    c = await client.send_message(ann.private().id, "x")
    d = await client.send_message(bob.private().id, "x")
    assert c.message_id != d.message_id
