"""Running git and locking: bounded in time, deaf to its surroundings, one writer at a time."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.host.git.errors import GitFailed, GitMissing, GitTimeout, RepositoryBusy
from core.host.git.lock import FILE_NAME, Locks
from core.host.git.runner import Git
from tests.core.host.git.playground import Repo, sh


async def test_a_failure_tells_the_command_its_code_and_its_words(repo: Repo) -> None:
    with pytest.raises(GitFailed) as caught:
        await repo.git.run(repo.root, "rev-parse", "--verify", "nothing")
    assert (caught.value.command, caught.value.code) == ("rev-parse --verify", 128)
    assert "nothing" in caught.value.detail or "revision" in caught.value.detail


async def test_a_missing_directory_never_means_the_current_one(repo: Repo, tmp_path: Path) -> None:
    with pytest.raises(GitFailed):
        await repo.git.run(tmp_path / "missing", "rev-parse", "--git-dir")


async def test_a_command_that_hangs_is_killed(repo: Repo) -> None:
    sh(repo.root, "config", "alias.hang", "!sleep 60")
    began = time.monotonic()
    with pytest.raises(GitTimeout):
        await repo.git.run(repo.root, "hang", timeout_s=0.3)
    assert time.monotonic() - began < 10


async def test_no_git_program_is_said_so(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    await repo.git.run(repo.root, "version")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(GitMissing):
        await repo.git.run(repo.root, "version")


async def test_settings_of_the_environment_are_kept_but_ours_win(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "2")
    for number, (key, value) in enumerate((("user.thing", "kept"), ("core.hooksPath", "/evil"))):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    assert (await repo.git.run(repo.root, "config", "user.thing")).out == "kept"
    assert (await repo.git.run(repo.root, "config", "core.hooksPath")).out == "/dev/null"


async def test_paths_that_are_no_text_survive(repo: Repo) -> None:
    (repo.root / os.fsdecode(b"odd\xff.txt")).write_text("x")
    output = await repo.git.run(repo.root, "ls-files", "--others", "-z")
    assert [os.fsencode(name) for name in output.fields] == [b"odd\xff.txt"]


async def test_the_loop_goes_on_while_git_runs(repo: Repo) -> None:
    sh(repo.root, "config", "alias.nap", "!sleep 0.3")
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await asyncio.gather(*(repo.git.run(repo.root, "nap") for _ in range(4)))
    ticking.cancel()
    assert ticks > 5


async def test_a_cancelled_caller_waits_for_its_command_before_the_lock_is_free(repo: Repo) -> None:
    sh(repo.root, "config", "alias.nap", "!sleep 0.4; touch done")
    common = repo.root / ".git"

    async def work() -> None:
        async with repo.git.lock(common):
            await repo.git.run(repo.root, "nap")

    task = asyncio.create_task(work())
    await asyncio.sleep(0.1)
    task.cancel()
    async with repo.git.lock(common):
        assert (repo.root / "done").exists()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_lock_is_one_for_every_spelling_of_the_path(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(repo.root)
    locks = Locks(0.2)
    async with locks.hold(repo.root / ".git"):
        for spelling in (tmp_path / "link" / ".git", repo.root / "." / ".git" / ".." / ".git"):
            with pytest.raises(RepositoryBusy):
                async with locks.hold(spelling):
                    pass


HOLD = """
import fcntl, os, subprocess, sys
descriptor = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(descriptor, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


async def test_another_process_s_lock_is_waited_for_and_a_dead_one_s_is_free(repo: Repo) -> None:
    lock = repo.root / ".git" / FILE_NAME
    command = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(RepositoryBusy):
            async with Locks(0.2).hold(repo.root / ".git"):
                pass
        other.kill()
    async with Locks(0.2).hold(repo.root / ".git"):
        pass


ORPHAN = """
import asyncio, pathlib, sys
from core.host.git.runner import Git

async def main(root):
    git = Git()
    async with git.lock(root / ".git"):
        await git.run(root, "nap")

asyncio.run(main(pathlib.Path(sys.argv[1])))
"""


async def test_a_command_that_outlives_its_killed_process_keeps_the_lock(repo: Repo) -> None:
    sh(repo.root, "config", "alias.nap", "!touch begun; sleep 1; touch done")
    with subprocess.Popen([sys.executable, "-c", ORPHAN, str(repo.root)]) as other:
        while not (repo.root / "begun").exists():
            await asyncio.sleep(0.01)
        other.kill()
    assert not (repo.root / "done").exists()
    async with repo.git.lock(repo.root / ".git"):
        assert (repo.root / "done").exists()


async def test_an_identity_of_a_caller_is_the_author_only(repo: Repo) -> None:
    git = Git()
    assert (await git.run(repo.root, "var", "GIT_AUTHOR_IDENT")).out.startswith(
        "Leadhand <leadhand@localhost>"
    )
    git.close()
