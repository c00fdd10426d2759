"""The persons' HTTP interface under `/_/`: what the page (or a test in another process) does as a person."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.bodies import read_text
from bot.sandbox.events import stream
from bot.sandbox.guard import Handler
from bot.sandbox.params import Upload
from bot.sandbox.people import RefusedError
from bot.sandbox.records import Chat, Json, Message, User
from bot.sandbox.storage import image_type
from bot.sandbox.view import message_view, state

if TYPE_CHECKING:
    from bot.sandbox.stage import Sandbox

STATUS = {
    "join": "member", "leave": "left", "kick": "kicked", "promote": "administrator", "demote": "member",
    "block": "kicked", "unblock": "member",
}  # fmt: skip
REFUSED = 422
MAX_SPIN = 60.0
Action = Callable[[Json], Awaitable[Any]]


class Routes:
    """The handlers of one sandbox."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self.sandbox = sandbox
        self.world = sandbox.world
        self.people = sandbox.people

    def table(self) -> list[web.RouteDef]:
        """All routes below `/_/`."""
        posts: dict[str, Action] = {
            "send": self.send, "press": self.press, "edit": self.edit, "delete": self.delete,
            "react": self.react, "member": self.member, "user": self.user, "private": self.private,
            "group": self.group, "topic": self.topic, "fault": self.fault, "limits": self.limits,
            "reset": self.reset,
        }  # fmt: skip
        routes = [web.post(f"/_/{name}", self._json(action)) for name, action in posts.items()]
        return [
            *routes,
            web.get("/_/state", self.state),
            web.get("/_/events", self.events),
            web.get("/_/calls", self.calls),
            web.get("/_/file/{id}", self.file),
            web.post("/_/upload", self.upload),
        ]

    @staticmethod
    def _json(action: Action) -> Handler:
        """A POST with a JSON object in and out; what a person may not do is 422 with the reason."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                given = json.loads(await read_text(request) or "{}")
                return web.json_response(await action(given))
            except RefusedError as refused:
                return web.json_response({"error": str(refused)}, status=REFUSED)
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                return web.json_response({"error": f"bad request: {error}"}, status=400)

        return handle

    # reading

    async def state(self, _: web.Request) -> web.StreamResponse:
        """The whole world."""
        return web.json_response(state(self.world))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """The stream of changes."""
        return await stream(self.world, request)

    async def calls(self, request: web.Request) -> web.StreamResponse:
        """The log of Bot API calls; `?method=` filters."""
        method = request.query.get("method")
        calls = self.sandbox.calls.of(method) if method else list(self.sandbox.calls)
        return web.json_response([call.json() for call in calls])

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A file, never as a page: pictures by their bytes, the rest as opaque data, all as attachments."""
        file = self.world.files.by_id.get(request.match_info["id"])
        if file is None:
            raise web.HTTPNotFound
        name = "".join(c for c in file.name if c.isalnum() or c in " ._-") or "file"
        ascii_name = name.encode("ascii", "replace").decode().replace("?", "_")
        return web.Response(
            body=file.data,
            content_type=image_type(file.data) or "application/octet-stream",
            headers={"Content-Disposition": f'attachment; filename="{ascii_name}"'},
        )

    # acting

    def _chat(self, given: Json) -> Chat:
        chat = self.world.by_key(str(given["chat"]))
        if chat is None:
            raise RefusedError("no such chat")
        return chat

    def _user(self, given: Json) -> User:
        user = self.world.users.get(int(given["user"]))
        if user is None:
            raise RefusedError("no such user")
        return user

    def _message(self, given: Json, name: str = "message") -> Message:
        message = self._chat(given).messages.get(int(given[name]))
        if message is None:
            raise RefusedError("this message is gone")
        return message

    def _reply(self, given: Json) -> Message | None:
        return self._message(given, "reply_to") if given.get("reply_to") else None

    async def send(self, given: Json) -> Json:
        """Write a message."""
        topic, reply = int(given.get("topic") or 0), self._reply(given)
        sent = self.people.say(
            self._chat(given), self._user(given), str(given["text"]), topic=topic, reply_to=reply
        )
        return message_view(sent[-1])

    async def press(self, given: Json) -> Json:
        """Press a button and wait for the bot's answer."""
        wait = min(float(given.get("wait") or 10), MAX_SPIN)
        try:
            done = await self.people.press(
                self._message(given), self._user(given), button=str(given.get("button") or ""),
                data=str(given.get("data") or ""), wait=wait,
            )  # fmt: skip
        except TimeoutError:
            return {"error": "still spinning", "spinning": True}
        return {"text": done.text, "alert": done.alert, "url": done.url, "copied": done.copied}

    async def edit(self, given: Json) -> Json:
        """Change one's own message."""
        message = self._message(given)
        self.people.edit(message, self._user(given), str(given["text"]))
        return message_view(message)

    async def delete(self, given: Json) -> Json:
        """Delete a message."""
        self.people.delete(self._message(given))
        return {}

    async def react(self, given: Json) -> Json:
        """React with an emoji, or take it back."""
        self.people.react(self._message(given), self._user(given), str(given.get("emoji") or ""))
        return {}

    async def member(self, given: Json) -> Json:
        """join, leave, kick, promote, demote, block, unblock a person or a bot."""
        chat, op = self._chat(given), str(given["op"])
        if op not in STATUS:
            raise RefusedError(f"op must be one of {', '.join(STATUS)}")
        who = int(given.get("bot") or given["user"])
        user = self.world.bots[who].user if who in self.world.bots else self.world.users[who]
        rights = set(given["rights"]) if "rights" in given else op == "promote"
        by = chat.people()[0] if chat.people() else user
        self.people.set_status(chat, user, STATUS[op], by, rights=rights)  # type: ignore[arg-type]
        return {}

    async def user(self, given: Json) -> Json:
        """A new person."""
        name, language = str(given["name"]), str(given.get("language") or "en")
        user_id = int(given.get("id") or 0)
        return self.world.add_user(name, language=language, user_id=user_id).json()

    async def private(self, given: Json) -> Json:
        """Open a person's chat with the bot."""
        return {"chat": self.world.private(self.sandbox.bot, self._user(given)).key}

    async def group(self, given: Json) -> Json:
        """A new group with these users and the bot."""
        from bot.sandbox.handles import Person

        people = [Person(self.sandbox, self.world.users[int(uid)]) for uid in given["users"]]
        room = self.sandbox.group(
            str(given["title"]), people, forum=bool(given.get("forum")),
            supergroup=bool(given.get("supergroup")), bot_admin=bool(given.get("bot_admin")),
        )  # fmt: skip
        return {"chat": room.chat.key, "id": room.id}

    async def topic(self, given: Json) -> Json:
        """A person opens a topic."""
        return self.people.add_topic(self._chat(given), self._user(given), str(given["name"])).json()

    async def fault(self, given: Json) -> Json:
        """Arm a fault, or end all with `{"clear": true}`."""
        if given.get("clear"):
            self.sandbox.api.faults.clear()
            return {}
        names = ("method", "code", "text", "retry_after", "drop", "delay", "body", "times", "chat")
        self.sandbox.fault(**{name: given[name] for name in names if name in given})
        return {}

    async def limits(self, given: Json) -> Json:
        """Switch the flood limits."""
        self.sandbox.limits.on = bool(given["on"])
        return {"on": self.sandbox.limits.on}

    async def reset(self, _: Json) -> Json:
        """Forget messages, calls and faults."""
        self.sandbox.reset()
        await asyncio.sleep(0)
        return {}

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """A person sends a file (multipart)."""
        fields = await request.post()
        field = fields.get("file")
        if not isinstance(field, web.FileField):
            return web.json_response({"error": "no file"}, status=400)
        given = {name: str(value) for name, value in fields.items() if name != "file"}
        file = Upload(field.filename, field.content_type, field.file.read())
        try:
            sent = self.people.upload(
                self._chat(given), self._user(given), file, caption=given.get("caption", ""),
                topic=int(given.get("topic") or 0), kind=given.get("kind", ""), reply_to=self._reply(given),
            )  # fmt: skip
        except (RefusedError, KeyError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=REFUSED)
        return web.json_response(message_view(sent))
