"""What an agent gets and gives: terminals, pipes, exits."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.host.keeper import KeeperError, Spawn
from tests.core.keeper.harness import PYTHON, alive, traces, until

if TYPE_CHECKING:
    from tests.core.keeper.harness import House


async def test_a_structured_agent_answers_on_its_pipes(house: House) -> None:
    await house.sh("a", "cat")
    await house.keeper.write("a", b"one\ntwo\n", "1")
    await house.keeper.close_stdin("a")
    assert [line async for line in house.keeper.lines("a")] == [(4, b"one"), (8, b"two")]
    info = await house.keeper.wait("a")
    assert (info.state, info.exit_code, info.signal, info.out_end) == ("exited", 0, None, 8)


async def test_a_terminal_agent_answers_on_its_terminal(house: House) -> None:
    await house.sh("a", "read word; echo got $word; stty size; exit 3", layout="terminal")
    await house.keeper.write("a", b"hello\n", "1")
    text = await house.text("a")
    assert b"got hello\r\n40 120\r\n" in text
    assert b"hello\r\n" in text.partition(b"got")[0] + text  # the terminal echoes
    assert (await house.keeper.wait("a")).exit_code == 3
    assert (await house.keeper.info("a")).tty_log is None


async def test_stderr_goes_to_the_terminal_log_alone(house: House) -> None:
    await house.sh("a", "echo out; echo err >&2; printf 'x\\ny\\n' > /dev/tty")
    assert await house.text("a") == b"out\n"
    assert await house.text("a", "tty") == b"err\nx\ny\n"  # raw: no carriage returns


async def test_an_agent_leads_its_own_session_on_a_controlling_terminal(house: House) -> None:
    info = await house.start(
        "a",
        "import os\nt=os.open('/dev/tty',os.O_RDWR); me=os.getpid()\n"
        "print(os.getsid(0)==me, os.tcgetpgrp(t)==me,"
        " os.isatty(0), os.isatty(1), os.isatty(2), os.get_terminal_size(2))",
    )
    expected = b"True True False False True os.terminal_size(columns=120, lines=40)\n"
    assert await house.text("a") == expected
    assert info.start_time > 0


async def test_an_agent_gets_exactly_its_environment_and_nothing_open(house: House) -> None:
    code = (
        "import os,signal; print(sorted(os.environ)); print(sorted(os.listdir('/proc/self/fd')));"
        "print(open('/proc/self/status').read())"
    )
    await house.keeper.spawn(house.spec("a", [*PYTHON, code], WORD="x"))
    text = (await house.text("a")).decode()
    assert text.startswith("['LC_CTYPE', 'LEADHAND_RUN', 'PATH', 'WORD']\n['0', '1', '2', '3']\n")
    masks = dict(line.split(":\t") for line in text.splitlines() if line.startswith(("SigBlk", "SigIgn")))
    pythons = {signal.SIGPIPE, signal.SIGXFSZ}
    the_c_library_s = {32, 33}  # nobody can change these; under make, 32 is ignored
    allowed = sum(1 << (number - 1) for number in pythons | the_c_library_s)
    assert (int(masks["SigIgn"], 16) & ~allowed, int(masks["SigBlk"], 16)) == (0, 0)


async def test_limits_and_umask_are_those_of_the_starter(house: House) -> None:
    await house.sh("a", "umask; ulimit -Sn")
    limit = await asyncio.create_subprocess_exec(
        "sh", "-c", "umask; ulimit -Sn", stdout=asyncio.subprocess.PIPE
    )
    assert await house.text("a") == (await limit.communicate())[0]


async def test_a_second_spawn_of_a_run_starts_nothing(house: House) -> None:
    first = await house.sh("a", "echo x >> count; sleep 60")
    second = await house.sh("a", "echo x >> count; sleep 60")
    assert (first.pid, first.start_time) == (second.pid, second.start_time)
    both = await asyncio.gather(*(house.sh("b", "echo y >> other; sleep 60") for _ in range(5)))
    assert len({info.pid for info in both}) == 1
    await until(lambda: (house.home / "other").exists() and (house.home / "count").exists())
    assert ((house.home / "count").read_text(), (house.home / "other").read_text()) == ("x\n", "y\n")


@pytest.mark.parametrize(
    ("argv", "cwd", "code"),
    [
        (["no-such-program"], "", "not_found"),
        (["./not-here"], "", "not_found"),
        ([""], "", "not_found"),
        (["./script"], "", "not_found"),
        (["sh"], "/no/such/directory", "no_cwd"),
        (["sh"], "relative", "no_cwd"),
        (["sh", "nul\0"], "", "bad_request"),
        (["sh", "x" * 300_000], "", "spawn_failed"),
    ],
)
async def test_what_cannot_start_is_refused_and_leaves_nothing(
    house: House, argv: list[str], cwd: str, code: str
) -> None:
    script = house.home / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    status = await house.keeper.status()
    pids = (status.vault_pid, status.pump_pid)
    before = [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids]
    with pytest.raises(KeeperError) as refused:
        await house.keeper.spawn(Spawn("a", argv, {"PATH": os.environ["PATH"]}, cwd or str(house.home)))
    assert refused.value.code == code
    assert await house.keeper.list() == []
    assert not list((house.home / "keeper" / "runs").iterdir())
    await until(lambda: [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids] == before)
    assert not Path(f"/proc/{status.vault_pid}/task/{status.vault_pid}/children").read_text().split()[1:]
    assert (await house.sh("a", "exit 4")).run == "a"  # the name is free again
    assert (await house.keeper.wait("a")).exit_code == 4


@pytest.mark.parametrize("run", ["", "..", ".", "a/b", "x" * 65, "a b", ".hidden"])
async def test_a_run_must_be_named_like_a_file(house: House, run: str) -> None:
    with pytest.raises(KeeperError, match="bad_request"):
        await house.sh(run, "true")


async def test_a_program_is_found_on_the_agents_path(house: House) -> None:
    folder = house.home / "bin"
    folder.mkdir()
    (folder / "special").write_text("#!/bin/sh\necho special\n")
    (folder / "special").chmod(0o755)
    await house.keeper.spawn(Spawn("a", ["special"], {"PATH": f"{folder}:/bin:/usr/bin"}, "/"))
    assert await house.text("a") == b"special\n"


async def test_a_deadly_signal_is_reported(house: House) -> None:
    await house.sh("a", "kill -SEGV $$")
    info = await house.keeper.wait("a")
    assert (info.exit_code, info.signal) == (None, signal.SIGSEGV)


async def test_a_signal_reaches_the_whole_group_once(house: House) -> None:
    await house.sh(
        "a", "trap 'echo got' USR1; (trap 'echo child got; exit' USR1; sleep 60 & wait) & echo up; wait; wait"
    )
    lines = house.keeper.lines("a")
    assert (await anext(lines))[1] == b"up"
    await asyncio.sleep(0.1)
    await house.keeper.signal("a", signal.SIGUSR1)
    assert {(await anext(lines))[1], (await anext(lines))[1]} == {b"got", b"child got"}
    await lines.aclose()


async def test_the_terminal_can_be_resized(house: House) -> None:
    await house.sh(
        "a", "trap 'stty size; exit' WINCH; echo up; while :; do sleep 0.01; done", layout="terminal"
    )
    lines = house.keeper.lines("a")
    assert (await anext(lines))[1] == b"up\r"
    await house.keeper.resize("a", 50, 200)
    assert (await anext(lines))[1] == b"50 200\r"
    await lines.aclose()
    assert (await house.keeper.wait("a")).rows == 50


async def test_kill_ends_the_tree_and_the_escaped_children(house: House) -> None:
    escape = "(setsid sh -c 'echo $$ > escaped; trap \"\" TERM HUP; sleep 60; sleep 60' &); "
    script = escape + "sleep 60 & trap '' TERM; echo up; wait; sleep 60"
    info = await house.sh("a", script)
    lines = house.keeper.lines("a")
    await anext(lines)
    await lines.aclose()
    await until(lambda: (house.home / "escaped").exists() and (house.home / "escaped").read_text() != "")
    escaped = int((house.home / "escaped").read_text())
    assert alive(escaped)
    await house.keeper.kill("a", grace_s=0.2)
    assert not alive(escaped)
    assert not alive(info.pid)
    assert (await house.keeper.info("a")).signal == signal.SIGKILL
    assert len(traces(house.home)) == 2  # vault and pump


async def test_kill_lets_a_polite_agent_say_goodbye(house: House) -> None:
    await house.sh("a", "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.01; done")
    lines = house.keeper.lines("a")
    await anext(lines)
    await house.keeper.kill("a")
    assert [line async for _, line in lines] == [b"bye"]
    assert (await house.keeper.info("a")).exit_code == 7


async def test_a_stopped_agent_can_be_killed(house: House) -> None:
    info = await house.sh("a", "sleep 60")
    os.kill(info.pid, signal.SIGSTOP)
    await house.keeper.kill("a")
    assert not alive(info.pid)


async def test_an_agent_is_over_though_its_grandchild_holds_the_pipe(house: House) -> None:
    await house.sh("a", "echo said; trap '' HUP; sleep 60 & exit 5")
    async with asyncio.timeout(2):
        assert (await house.keeper.wait("a")).exit_code == 5
    assert await house.text("a") == b"said\n"
    await house.keeper.kill("a")  # the straggler belongs to the tree of the dead agent


async def test_last_words_are_never_lost(house: House) -> None:
    for i in range(30):
        size = 1 + i * 3000
        await house.start(f"a{i}", f"import os; os.write(2, b'e'*2000+b'E'); print('x'*{size}+'END')")
    for i in range(30):
        assert await house.text(f"a{i}") == b"x" * (1 + i * 3000) + b"END\n"
        assert await house.text(f"a{i}", "tty") == b"e" * 2000 + b"E"


async def test_last_words_on_a_terminal_are_never_lost(house: House) -> None:
    for i in range(20):
        await house.start(f"t{i}", f"print('x'*{i * 5000}+'END')", "terminal")
    for i in range(20):
        assert await house.text(f"t{i}") == b"x" * (i * 5000) + b"END\r\n"


async def test_a_terminal_that_was_closed_can_be_opened_again(house: House) -> None:
    code = (
        "import os,time\nos.close(2)\ntime.sleep(.3)\nt=os.open('/dev/tty',os.O_RDWR)\nos.write(t,b'again')\n"
    )
    code += "time.sleep(.2)"
    await house.start("a", code)
    await until(lambda: (house.home / "keeper/runs/a/tty.log").read_bytes() == b"again")
    assert (await house.keeper.wait("a")).exit_code == 0


async def test_only_an_exited_run_is_forgotten(house: House) -> None:
    info = await house.sh("a", "echo hi; read x")
    with pytest.raises(KeeperError, match="running"):
        await house.keeper.forget("a")
    await house.keeper.kill("a", 0)
    assert (Path(info.out_log).parent / "exit.json").exists()
    await house.keeper.forget("a")
    await house.keeper.forget("a")
    assert not Path(info.out_log).parent.exists()
    with pytest.raises(KeeperError, match="no_run"):
        await house.keeper.info("a")


async def test_everything_is_private(house: House) -> None:
    await house.sh("a", "echo hi; echo ho >&2")
    await house.keeper.wait("a")
    for path in [house.home / "keeper", *(house.home / "keeper").rglob("*")]:
        assert path.lstat().st_mode & 0o077 == 0, path
