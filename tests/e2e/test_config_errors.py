"""A wrong configuration, a project nobody can work on and a wrong command line are named in one line."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli.main import main
from bot.sandbox import Sandbox
from core.demo.repository import create
from tests.e2e.refusals import TOKEN, leadhand, refused, snapshot
from tests.rig import Leadhand, configuration, environment, git

# ---- configuration -----------------------------------------------------------------------------------------

CONFIGS = [
    ("[telegrm]\n", "telegrm: unknown key; did you mean telegram?"),
    ("[telegram]\ntokn = 'x'\n", "telegram.tokn: unknown key; did you mean token?"),
    ("[projects.a]\npath = '/'\nbranch = 'x'\n", "projects.a.branch: unknown key"),
    ("[defaults]\nstrategy = 'maybe'\n", "defaults.strategy:"),
    ("[defaults]\nagent = 'clod'\n", "defaults.agent: no agent clod"),
    ("[defaults]\nlocale = 'xx'\n", "defaults.locale:"),
    ("[telegram\n", "syntax:"),
    ("a = \n", "syntax:"),
    ("telegram = 3\n", "telegram:"),
    ("[projects]\na = 3\n", "projects.a:"),
    ("[projects.'Two words']\npath = '/'\n", "projects.Two words:"),
    ("[projects.a]\n", "projects.a.path:"),
    ("[agents.x]\ndriver = 'claude'\ncommand = []\n", "agents.x.command:"),
    ("[agents.x]\ndriver = 'claude'\ncommand = ['']\n", "agents.x.command"),
    ("[agents.x]\ndriver = 'clod'\ncommand = 'x'\n", "agents.x.driver:"),
    ("[agents.x]\ndriver = 'pty'\ncommand = 'x'\n[defaults]\nagent = 'x'\n", "agents.x.driver:"),
    ("[agents.x]\ndriver = 'claude'\ncommand = 'x'\nenv = {A = 1}\n", "agents.x.env.A:"),
    ("[agents.x]\ndriver = 'claude'\ncommand = 'x'\nenv = {A = \"a\\u0000b\"}\n", "agents.x.env"),
    ("[agents.x]\ndriver = 'claude'\ncommand = \"x\\u0000y\"\n", "agents.x.command"),
    ("[agents.x]\ndriver = 'claude'\ncommand = 'x'\nfallback = 'y'\n", "agents.x.fallback:"),
    ("[projects.a]\npath = 'src/a'\n", "projects.a.path: must be absolute"),
    ("[projects.a]\npath = '~nobody-at-all/a'\n", "projects.a.path:"),
    ('[projects.a]\npath = "/a\\u0000b"\n', "projects.a.path: holds a NUL"),
    ("[telegram]\napi = 'telegram'\n", "telegram.api: is not an address"),
    ("[telegram]\nwebhook = 'x'\n", "telegram.webhook:"),
]


@pytest.mark.parametrize(("text", "reason"), CONFIGS)
@pytest.mark.parametrize("command", ["run", "config"])
def test_a_wrong_configuration_is_named_by_file_key_and_reason(
    home: Path,
    text: str,
    reason: str,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (home / "leadhand.toml").write_text(text)
    monkeypatch.setenv("LEADHAND_HOME", str(home))
    monkeypatch.setenv("LEADHAND_TELEGRAM_TOKEN", TOKEN)
    assert main([command]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"leadhand: {home / 'leadhand.toml'}: ")
    assert reason in err
    assert err.count("\n") == 1
    assert list(home.iterdir()) == [home / "leadhand.toml"]


async def test_a_configuration_that_is_no_text_is_named(home: Path) -> None:
    (home / "leadhand.toml").write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in await refused(leadhand(home, LEADHAND_TELEGRAM_TOKEN=TOKEN))


async def test_a_configuration_that_is_a_directory_is_named(home: Path) -> None:
    (home / "leadhand.toml").mkdir()
    assert "leadhand.toml" in await refused(leadhand(home, LEADHAND_TELEGRAM_TOKEN=TOKEN))


async def test_a_byte_order_mark_before_the_configuration_does_no_harm(home: Path) -> None:
    (home / "leadhand.toml").write_bytes(b"\xef\xbb\xbf[defaults]\nlocale = 'en'\n")
    code, out, err = await leadhand(home).run("config")
    assert (code, err) == (0, "")
    assert "defaults.locale" in out


async def test_the_configuration_is_shown_without_a_file_and_without_the_token(home: Path) -> None:
    code, out, err = await leadhand(home, LEADHAND_TELEGRAM_TOKEN=TOKEN).run("config")
    assert (code, err) == (0, "")
    assert TOKEN not in out
    assert "environment LEADHAND_TELEGRAM_TOKEN" in out
    assert snapshot(home) == {}


# ---- projects ----------------------------------------------------------------------------------------------


def _missing(at: Path) -> None:
    assert not at.exists()


def _file(at: Path) -> None:
    at.write_text("x")


def _folder(at: Path) -> None:
    at.mkdir()


def _empty(at: Path) -> None:
    at.mkdir()
    git(at, "init", "-q")


@pytest.mark.parametrize(
    ("make", "extra", "reason"),
    [
        (_missing, "", "there is no folder"),
        (_file, "", "there is no folder"),
        (_folder, "", "is not a git repository"),
        (_empty, "", "has no commit yet"),
        (create, "base = 'trunk'\n", "has no branch trunk"),
    ],
)
async def test_a_project_that_cannot_be_worked_on_is_told_at_the_start_and_harms_no_other(
    home: Path, repo: Path, make: Callable[[Path], None], extra: str, reason: str
) -> None:
    make(home.parent / "other")
    async with Sandbox() as sandbox:
        await sandbox.serve()
        text = configuration(repo) + f"[projects.other]\npath = {str(home.parent / 'other')!r}\n{extra}"
        (home / "leadhand.toml").write_text(text)
        lead = Leadhand(home, environment(home, sandbox, None))
        try:
            await lead.start()
            await asyncio.sleep(0.5)  # they are looked at beside everything else
            err = await lead.stop()
        finally:
            await lead.close()
    [line] = [line for line in err.splitlines() if "project other" in line]
    assert reason in line
    assert not any("project tally" in line for line in err.splitlines())


# ---- the command line --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args",
    [("nonsense",), (), ("run", "--fast"), ("keeper",), ("keeper", "eat"), ("demo", "--port", "x"), ("ru",)],
)
async def test_a_command_that_does_not_exist_is_a_usage_error(home: Path, args: tuple[str, ...]) -> None:
    code, out, err = await leadhand(home).run(*args)
    assert (code, out) == (2, "")
    assert err.startswith("usage: leadhand")
    assert "error:" in err.splitlines()[-1]
    assert snapshot(home) == {}


@pytest.mark.parametrize("port", ["-1", "65536", "1"])
async def test_the_demo_names_a_port_it_cannot_have(home: Path, port: str) -> None:
    if port == "1" and os.geteuid() == 0:
        pytest.skip("root may have that port")
    code, out, err = await leadhand(home).run("demo", "--port", port)
    assert code in {1, 2}
    assert out == ""
    assert "Traceback" not in err
    assert "port" in err


async def test_the_demo_names_a_port_that_is_taken(home: Path) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        code, out, err = await leadhand(home).run("demo", "--port", str(bound.getsockname()[1]))
    assert (code, out) == (1, "")
    assert err.startswith("leadhand: ")
    assert err.count("\n") == 1


async def test_a_pairing_code_comes_on_one_line_and_is_kept_as_a_hash(home: Path) -> None:
    code, out, err = await leadhand(home).run("pair")
    assert (code, err) == (0, "")
    [line] = out.splitlines()
    secret = line.split()[-1]
    assert secret not in (home / "pairing.json").read_text()
    assert (home / "pairing.json").stat().st_mode & 0o777 == 0o600


async def test_without_a_keeper_there_is_nothing_to_show_or_stop(home: Path) -> None:
    for action in ("status", "stop"):
        code, out, err = await leadhand(home).run("keeper", action)
        assert (code, err) == (0, "")
        assert out == f"no keeper runs for {home}\n"
    assert snapshot(home) == {}
