"""`leadhand run` that cannot start says why in one line, exits with an error and leaves all as it was."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot.sandbox import Sandbox
from tests.e2e.refusals import TOKEN, leadhand, refused, snapshot
from tests.rig import Leadhand, configuration, environment

# ---- token and API -----------------------------------------------------------------------------------------


async def test_without_a_token_the_line_names_the_variable_and_the_file(home: Path) -> None:
    line = await refused(leadhand(home))
    assert "LEADHAND_TELEGRAM_TOKEN" in line
    assert str(home / "leadhand.toml") in line


async def test_a_home_that_is_not_there_is_not_made_by_a_refusal(tmp_path: Path) -> None:
    await refused(leadhand(tmp_path / "nothing"))
    assert not (tmp_path / "nothing").exists()


async def test_an_empty_token_is_no_token(home: Path) -> None:
    assert "no Telegram token" in await refused(leadhand(home, LEADHAND_TELEGRAM_TOKEN="  "))


@pytest.mark.parametrize("token", [TOKEN, "nonsense", "12:й"])
async def test_a_token_the_server_does_not_know_is_refused(home: Path, token: str) -> None:
    async with Sandbox() as sandbox:
        await sandbox.serve()
        lead = leadhand(home, LEADHAND_TELEGRAM_TOKEN=token, LEADHAND_TELEGRAM_API=sandbox.url)
        line = await refused(lead)
    assert "refused the token" in line
    assert token not in line


@pytest.mark.parametrize("token", ["1:2/../x", "1:a b", "1:abc?x", "1:a#b", "1:%41"])
async def test_what_would_change_the_address_is_no_token(home: Path, token: str) -> None:
    line = await refused(leadhand(home, LEADHAND_TELEGRAM_TOKEN=token))
    assert line.startswith("leadhand: LEADHAND_TELEGRAM_TOKEN: telegram.token: is not a bot token")
    assert token not in line


@asynccontextmanager
async def answering(
    status: int, body: str, kind: str = "application/json", wait: float = 0.0
) -> AsyncIterator[str]:
    """A server that gives one answer to everything."""

    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(wait)
        return web.Response(status=status, text=body, content_type=kind)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, '{"ok":false,"error_code":401,"description":"Unauthorized"}'),
        (404, '{"ok":false,"error_code":404,"description":"Not Found"}'),
    ],
)
async def test_what_other_servers_answer_to_a_wrong_token_counts_as_refused(
    home: Path, status: int, body: str
) -> None:
    async with answering(status, body) as url:
        line = await refused(leadhand(home, LEADHAND_TELEGRAM_TOKEN=TOKEN, LEADHAND_TELEGRAM_API=url))
    assert "refused the token" in line


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, "<html>hello</html>", "text/html"),
        (404, "<html>not here</html>", "text/html"),
        (200, "[]", "application/json"),
        (200, '{"ok":true,"result":{}}', "application/json"),
        (200, '{"ok":true}', "application/json"),
        (200, '{"ok":true,"result":[]}', "application/json"),
        (200, "", "application/json"),
    ],
)
async def test_a_server_that_is_no_bot_api_is_named(home: Path, status: int, body: str, kind: str) -> None:
    async with answering(status, body, kind) as url:
        line = await refused(leadhand(home, LEADHAND_TELEGRAM_TOKEN=TOKEN, LEADHAND_TELEGRAM_API=url))
        assert f"Telegram does not answer at {url}" in line


@pytest.mark.slow
async def test_an_api_nobody_listens_at_is_named(home: Path) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        line = await refused(leadhand(home, LEADHAND_TELEGRAM_TOKEN=TOKEN, LEADHAND_TELEGRAM_API=url))
    assert f"Telegram does not answer at {url}" in line


@pytest.mark.parametrize("api", ["nonsense", "http://", "ftp://127.0.0.1", "http://exa mple", "http://[::1"])
async def test_an_api_that_is_no_address_is_refused(home: Path, api: str) -> None:
    line = await refused(leadhand(home, LEADHAND_TELEGRAM_TOKEN=TOKEN, LEADHAND_TELEGRAM_API=api))
    assert "LEADHAND_TELEGRAM_API" in line
    assert "telegram.api" in line


@pytest.mark.parametrize("owner", ["ann", "-5", "0", "1.5", "@ann"])
async def test_an_owner_that_is_no_id_is_refused(home: Path, owner: str) -> None:
    line = await refused(leadhand(home, LEADHAND_TELEGRAM_TOKEN=TOKEN, LEADHAND_TELEGRAM_OWNER=owner))
    assert "LEADHAND_TELEGRAM_OWNER" in line


# ---- two copies --------------------------------------------------------------------------------------------


@asynccontextmanager
async def running(home: Path, repo: Path, sandbox: Sandbox) -> AsyncIterator[Leadhand]:
    home.mkdir(mode=0o700, exist_ok=True)
    (home / "leadhand.toml").write_text(configuration(repo))
    lead = Leadhand(home, environment(home, sandbox, None))
    try:
        await lead.start()
        yield lead
    finally:
        await lead.close()


async def test_a_second_copy_on_the_same_home_leaves_the_first_alone(home: Path, repo: Path) -> None:
    async with Sandbox() as sandbox:
        ann = sandbox.user("Ann")
        await sandbox.serve()
        async with running(home, repo, sandbox) as first:
            second = Leadhand(home, first.environ)
            code, out, err = await second.run("run")
            assert (code, out) == (1, "")
            assert err.splitlines()[-1].startswith("leadhand: another leadhand is running with this home")
            chat = ann.private()
            await chat.say("/start")
            await chat.wait("paired people only")
            assert first.process is not None
            assert first.process.returncode is None
            assert sandbox.calls.of("close") == []


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_a_second_copy_of_the_bot_ends_after_half_a_minute(tmp_path: Path, repo: Path) -> None:
    async with Sandbox() as sandbox:
        await sandbox.serve()
        sandbox.fault("getUpdates", code=409, times=None)
        async with running(tmp_path / "one", repo, sandbox) as lead:
            began = asyncio.get_running_loop().time()
            assert lead.process is not None
            _, err = await asyncio.wait_for(lead.process.communicate(), 60)
            assert lead.process.returncode == 1
            assert 29 < asyncio.get_running_loop().time() - began < 45
            lead.process = None
    assert err.decode().splitlines()[-1].startswith("leadhand: another leadhand is running with this token")


async def test_a_conflict_that_passes_ends_nothing(tmp_path: Path, repo: Path) -> None:
    async with Sandbox() as sandbox:
        ann = sandbox.user("Ann")
        await sandbox.serve()
        sandbox.fault("getUpdates", code=409, times=2)
        async with running(tmp_path / "one", repo, sandbox):
            chat = ann.private()
            await chat.say("/start")
            await chat.wait("paired people only", timeout=20)


# ---- the home and the disk ---------------------------------------------------------------------------------


async def started(home: Path) -> str:
    """Run against a working server; returns the refusal."""
    async with Sandbox() as sandbox:
        await sandbox.serve()
        lead = leadhand(home, LEADHAND_TELEGRAM_TOKEN=sandbox.token, LEADHAND_TELEGRAM_API=sandbox.url)
        return await refused(lead)


async def test_a_corrupt_database_stays_as_it_is(home: Path) -> None:
    (home / "leadhand.db").write_bytes(b"SQLite format 3\0" + b"\xa5" * 9000)
    assert f"{home / 'leadhand.db'}: is" in await started(home)


async def test_a_database_of_something_else_stays_as_it_is(home: Path) -> None:
    (home / "leadhand.db").write_bytes(b"hello" * 100)
    assert "is not a database of Leadhand" in await started(home)


async def test_a_directory_in_the_databases_place_is_named(home: Path) -> None:
    (home / "leadhand.db").mkdir()
    assert f"{home / 'leadhand.db'}: is a directory" in await started(home)


@pytest.mark.parametrize("place", ["keeper", "host", "worktrees", "run.lock", "pairing.json", "keeper/lock"])
async def test_something_else_in_a_place_of_ours_is_named(home: Path, place: str) -> None:
    (home / place).parent.mkdir(exist_ok=True)
    if "." in place or "/" in place:
        (home / place).mkdir()
    else:
        (home / place).write_text("in the way")
    async with Sandbox() as sandbox:
        await sandbox.serve()
        lead = leadhand(home, LEADHAND_TELEGRAM_TOKEN=sandbox.token, LEADHAND_TELEGRAM_API=sandbox.url)
        try:
            code, out, err = await lead.run("run")
        finally:
            await lead.close()
    assert code == 1
    assert out == ""
    [line] = [line for line in err.splitlines() if line.startswith("leadhand:")]
    assert str(home / place) in line or place == "keeper/lock"
    assert "Traceback" not in err


async def test_something_that_is_no_pairing_file_is_named(home: Path) -> None:
    (home / "pairing.json").mkdir()
    assert str(home / "pairing.json") in await refused(leadhand(home), "pair")


async def test_a_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("x")
    for command in (("run",), ("pair",), ("keeper", "status"), ("config",)):
        lead = leadhand(tmp_path / "home", LEADHAND_TELEGRAM_TOKEN=TOKEN)
        code, out, err = await lead.run(*command)
        assert (code, out) == (1, ""), command
        assert err.startswith(f"leadhand: {tmp_path / 'home'}")
        assert err.count("\n") == 1
    assert (tmp_path / "home").read_text() == "x"


def as_nobody(*argv: str) -> list[str]:
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *argv]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_a_home_that_belongs_to_somebody_else_is_named(tmp_path: Path) -> None:
    home = Path("/tmp") / f"leadhand-foreign-{os.getpid()}"  # a place another user can reach
    home.mkdir(mode=0o700)
    try:
        async with Sandbox() as sandbox:
            await sandbox.serve()
            environ = {
                **leadhand(home).environ,
                "PYTHONDONTWRITEBYTECODE": "1",
                "LEADHAND_TELEGRAM_TOKEN": sandbox.token,
                "LEADHAND_TELEGRAM_API": sandbox.url,
            }
            probe = await asyncio.create_subprocess_exec(
                *as_nobody(sys.executable, "-c", "import bot.cli.run"), env=environ, cwd="/tmp",
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
            if await probe.wait():
                pytest.skip("another user cannot read the interpreter or the checkout")
            process = await asyncio.create_subprocess_exec(
                *as_nobody(sys.executable, "-m", "bot", "run"), env=environ, cwd="/tmp",
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            out, err = await process.communicate()
        assert process.returncode == 1
        assert out == b""
        assert err.decode().splitlines()[-1].startswith(f"leadhand: {home}")
    finally:
        home.rmdir()


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A file system with hardly any room."""
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", str(place)],
        check=False,
        capture_output=True,
    )
    if done.returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


async def test_a_full_disk_is_named_at_the_start(full: Path) -> None:
    (full / "ballast").write_bytes(b"x" * 60_000)
    line = await started(full)
    assert "no space left for" in line


async def test_a_limit_on_the_size_of_files_is_named_at_the_start(home: Path) -> None:
    async with Sandbox() as sandbox:
        await sandbox.serve()
        environ = leadhand(
            home, LEADHAND_TELEGRAM_TOKEN=sandbox.token, LEADHAND_TELEGRAM_API=sandbox.url
        ).environ
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", cwd=home.parent,
            env={**environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
        )  # fmt: skip
        out, err = await process.communicate()
    assert process.returncode == 1
    assert out == b""
    assert "no space left for" in err.decode().splitlines()[-1]
    assert snapshot(home) == {}
