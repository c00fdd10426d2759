"""The socket itself: versions, strange words, slow and rude clients, the way to start and to end."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.host.keeper import Keeper, KeeperError, KeeperUnavailable
from core.host.keeper_start import connect
from tests.core.keeper.harness import alive, keeper_in, say, traces, until

if TYPE_CHECKING:
    from tests.core.keeper.harness import House


class Raw:
    """A client that says what it is told to."""

    def __init__(self, home: Path) -> None:
        self.sock = connect(home)
        self.sock.settimeout(5)
        self.file = self.sock.makefile("rb")
        self.greeting = json.loads(self.file.readline())

    def ask(self, **message: object) -> dict[str, Any]:
        self.sock.sendall(json.dumps(message).encode() + b"\n")
        return self.answer(message.get("id"))

    def answer(self, number: object) -> dict[str, Any]:
        while line := self.file.readline():
            answer: dict[str, Any] = json.loads(line)
            if answer.get("id") == number and "ev" not in answer:
                return answer
        raise EOFError

    def close(self) -> None:
        self.file.close()
        self.sock.close()


async def test_versions_are_agreed_on_and_unknown_fields_ignored(house: House) -> None:
    raw = Raw(house.home)
    assert (raw.greeting["keeper"], raw.greeting["oldest"]) == (1, 1)
    assert raw.ask(id=1, op="hello", v=99, oldest=1, novelty=True)["ok"]["v"] == 1
    assert raw.ask(id=2, op="hello", v=99, oldest=50)["err"]["code"] == "version"
    assert raw.ask(id=3, op="teleport")["err"]["code"] == "unknown_op"
    assert raw.ask(id=4)["err"]["code"] == "unknown_op"
    for nonsense in (
        {"op": "write"},
        {"op": "write", "run": 7},
        {"op": "kill", "run": "a", "grace_s": []},
        {"op": "spawn", "run": "x"},
    ):
        assert "err" in raw.ask(id=5, **nonsense)
    raw.sock.sendall(b"not json\n[1]\n")
    assert raw.answer(None)["err"]["code"] == "bad_request"
    assert raw.answer(None)["err"]["code"] == "bad_request"
    assert raw.ask(id=6, op="list")["ok"] == {"runs": []}
    raw.close()


async def test_a_line_without_end_drops_the_client(house: House) -> None:
    raw = Raw(house.home)

    with pytest.raises(ConnectionError):
        await asyncio.to_thread(raw.sock.sendall, b"x" * 40 * 1024 * 1024)
    raw.close()
    assert (await house.keeper.status()).running == 0


async def test_a_client_that_never_reads_stops_nobody(house: House) -> None:
    raw = Raw(house.home)
    raw.ask(id=1, op="watch")
    pump = (await house.keeper.status()).pump_pid
    await house.start("a", "for n in range(200_000): print(n, flush=n % 10 == 0)")
    got = [line async for _, line in house.keeper.lines("a")]
    assert got == [b"%d" % n for n in range(200_000)]
    kilobytes = int(Path(f"/proc/{pump}/status").read_text().partition("VmRSS:")[2].split()[0])
    assert kilobytes < 20 * 1024
    events = 0
    while True:  # what it finds when it wakes up is the end, not the way there
        event = json.loads(await asyncio.to_thread(raw.file.readline))
        events += 1
        if event["ev"] == "exit":
            break
    assert event["info"]["out_end"] == (await house.keeper.info("a")).out_end
    say(f"{events} notifications for 20 000 flushes")
    raw.close()


async def test_a_client_that_asks_and_never_reads_is_dropped(house: House) -> None:
    raw = Raw(house.home)
    for n in range(40):
        await house.sh(f"a{n}", "exit 0")

    with pytest.raises(ConnectionError):
        await asyncio.to_thread(raw.sock.sendall, b'{"id":1,"op":"list"}\n' * 100_000)
    raw.close()
    assert (await house.keeper.status()).exited == 40


async def test_only_the_wanted_runs_are_told(house: House) -> None:
    raw = Raw(house.home)
    raw.ask(id=1, op="watch", runs=["b"])
    await house.sh("a", "echo a")
    await house.keeper.wait("a")
    await house.sh("b", "echo b")
    await house.keeper.wait("b")
    seen: list[dict[str, Any]] = []
    while not seen or seen[-1]["ev"] != "exit":
        seen.append(json.loads(await asyncio.to_thread(raw.file.readline)))
    assert {event["run"] for event in seen} == {"b"}
    raw.close()


async def _start(home: Path) -> tuple[int, bytes]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "core.keeper", str(home), stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    return process.returncode or 0, said


async def test_a_second_keeper_of_a_home_returns_at_once(house: House) -> None:
    before = await house.keeper.status()
    code, said = await _start(house.home)
    assert (code, b"serves" in said) == (0, True)
    assert await house.keeper.status() == before


async def test_many_starters_make_one_keeper(tmp_path: Path) -> None:
    keepers = await asyncio.gather(*(Keeper.connect(tmp_path) for _ in range(8)))
    pids = {(await keeper.status()).vault_pid for keeper in keepers}
    assert len(pids) == 1
    assert len(traces(tmp_path)) == 2
    for keeper in keepers[1:]:
        await keeper.close()
    await keepers[0].stop()
    assert not traces(tmp_path)


async def test_a_home_with_a_long_name_works(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30) / ("longer" * 20)
    home.mkdir(parents=True)
    async with keeper_in(home) as house:
        await house.sh("a", "echo hi")
        assert await house.text("a") == b"hi\n"


async def test_the_daemon_keeps_nothing_of_its_starter(tmp_path: Path) -> None:
    home = tmp_path / "home"
    read, write = os.pipe()
    os.set_inheritable(write, True)
    script = (
        f"umask 022; cd {shlex.quote(str(tmp_path))}; LEADHAND_RUN=someone SECRET=x"
        f" exec {shlex.quote(sys.executable)} -m core.keeper {shlex.quote(str(home))}"
    )
    env = {**os.environ, "PYTHONPATH": os.environ.get("PYTHONPATH", str(Path(__file__).parents[3]))}
    await asyncio.to_thread(subprocess.run, ["sh", "-c", script], env=env, check=True, close_fds=False)
    os.close(write)
    async with keeper_in(home) as house:
        assert os.read(read, 1) == b""  # our pipe is closed over there
        os.close(read)
        status = await house.keeper.status()
        for pid in (status.vault_pid, status.pump_pid):
            proc = Path(f"/proc/{pid}")
            assert str((proc / "cwd").readlink()) == "/"
            assert [str((proc / f"fd/{fd}").readlink()) for fd in (0, 1, 2)] == ["/dev/null"] * 3
            assert os.getsid(pid) != os.getsid(0)
            assert b"LEADHAND_RUN" not in (proc / "environ").read_bytes()
            assert b"core.keeper" in (proc / "cmdline").read_bytes()
            assert (proc / "comm").read_text().startswith("lh-keeper-")


async def test_stop_is_refused_while_agents_run_unless_forced(house: House) -> None:
    info = await house.sh("a", "trap '' TERM; echo up; sleep 60; sleep 60")
    await anext(house.keeper.lines("a"))
    with pytest.raises(KeeperError, match="running"):
        await house.keeper.stop()
    assert alive(info.pid)
    await house.keeper.stop(force=True, grace_s=0.2)
    assert not alive(info.pid)
    assert not traces(house.home)
    assert not (house.home / "keeper/sock").exists()
    assert json.loads((house.home / "keeper/runs/a/exit.json").read_text())["signal"] == signal.SIGKILL


@pytest.mark.parametrize("half", ["vault_pid", "pump_pid"])
async def test_sigterm_ends_agents_and_keeper_in_order(house: House, half: str) -> None:
    await house.sh("a", "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done")
    await anext(house.keeper.lines("a"))
    os.kill(getattr(await house.keeper.status(), half), signal.SIGTERM)
    await until(lambda: not traces(house.home))
    assert (house.home / "keeper/runs/a/out.log").read_bytes() == b"up\nbye\n"
    assert json.loads((house.home / "keeper/runs/a/exit.json").read_text())["code"] == 3


async def test_without_a_keeper_and_without_leave_to_start_one_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(KeeperUnavailable):
        await Keeper.connect(tmp_path, start=False)
    assert not list(tmp_path.iterdir())


async def test_a_home_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeeperUnavailable, match=r"cannot start: .*file/keeper") as refused:
        await Keeper.connect(tmp_path / "file")
    assert "\n" not in str(refused.value)


async def test_a_socket_left_by_a_dead_keeper_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "keeper").mkdir()
    left = socket.socket(socket.AF_UNIX)
    directory = os.open(tmp_path / "keeper", os.O_PATH)
    left.bind(f"/proc/self/fd/{directory}/sock")
    os.close(directory)
    left.close()
    async with keeper_in(tmp_path) as house:
        assert (await house.keeper.status()).running == 0
