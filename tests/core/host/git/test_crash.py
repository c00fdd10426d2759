"""Killed at any point, asked again: one worktree, one merge, nothing left over."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from core.host.git import registry
from core.host.git.landing import merge
from core.host.git.outcomes import Merged
from core.host.git.records import Worktree
from core.host.git.runner import Git, Output
from core.host.git.worktree import create, reopen
from tests.core.host.git.playground import PLAIN, Repo, make_repo, sh


class Killed(BaseException):
    """Stands for the end of the process: no handler of ours catches it."""


class MortalGit(Git):
    """Dies before or right after its n-th command."""

    def __init__(self, scratch: Path, dies_at: int, *, after: bool) -> None:
        super().__init__(scratch=scratch)
        self._left, self._after = dies_at, after

    async def run(self, *args: Any, **options: Any) -> Output:
        self._left -= 1
        if not self._left and not self._after:
            raise Killed
        output = await super().run(*args, **options)
        if not self._left:
            raise Killed
        return output


async def die_everywhere(
    repo: Repo, act: Callable[[Git, int], Coroutine[Any, Any, object]], check: Callable[[int], None]
) -> int:
    """Let an action die before and after each of its commands; gives how often it died."""
    deaths = 0
    for after in (False, True):
        for step in range(1, 100):
            number = deaths
            mortal = MortalGit(repo.git.scratch, step, after=after)
            try:
                await act(mortal, number)
            except Killed:
                deaths += 1
                await act(repo.git, number)
                check(number)
                continue
            finally:
                mortal.close()
            break
    return deaths


async def test_creating_survives_a_kill_at_every_step(repo: Repo) -> None:
    async def act(git: Git, number: int) -> None:
        tree = await create(git, repo.spec(f"s{number}"))
        assert sh(tree.path, "status", "--porcelain") == ""

    def check(number: int) -> None:
        assert sh(repo.root, "branch", "--list", f"agents/s{number}*").split() == ["+", f"agents/s{number}"]
        assert [p.name for p in repo.trees.glob(f"s{number}*")] == [f"s{number}"]
        assert len(registry.of_session(repo.root / ".git", f"s{number}")) == 1

    assert await die_everywhere(repo, act, check) >= 8


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])
@pytest.mark.parametrize("checked_out", [True, False])
async def test_merging_survives_a_kill_at_every_step(repo: Repo, strategy: str, checked_out: bool) -> None:
    if not checked_out:
        sh(repo.root, "checkout", "-q", "--detach")
    trees: dict[int, Worktree] = {}

    async def act(git: Git, number: int) -> None:
        if number not in trees:
            trees[number] = await repo.tree(f"s{number}")
            repo.commit(trees[number].path, f"work {number}", **{f"f{number}_txt": "x\n"})
        done = await merge(git, repo.request(trees[number], strategy=strategy, title=f"work {number}"))
        assert isinstance(done, Merged), done
        assert repo.sha("main") == done.new

    def check(number: int) -> None:
        landed = sh(repo.root, "log", "--first-parent", "--format=%s", "main").split("\n")
        assert landed.count(f"work {number}") == 1
        assert sh(repo.root, "status", "--porcelain") == ""
        assert repo.show("main", f"f{number}.txt") == "x"

    assert await die_everywhere(repo, act, check) >= 30


async def test_a_checkout_git_did_not_finish_is_made_anew(repo: Repo) -> None:
    tree = await repo.tree()
    (registry.directory_of(tree.path) / registry.READY).unlink()
    (tree.path / "a.txt").unlink()
    (tree.path / "b.txt").write_text("half")
    again = await repo.tree()
    assert again == tree
    assert sh(again.path, "status", "--porcelain") == ""


async def test_a_record_git_did_not_finish_does_not_stay(repo: Repo) -> None:
    record = repo.root / ".git" / "worktrees" / "s1"
    record.mkdir(parents=True)
    (record / "locked").write_text("leadhand:s1")
    await repo.tree()
    assert len(registry.records(repo.root / ".git")) == 1


async def test_reopening_survives_a_kill_at_every_step(repo: Repo) -> None:
    tree = await repo.tree()
    tip = repo.commit(tree.path, x_txt="1\n")

    async def act(git: Git, number: int) -> None:
        if tree.path.exists() and not isinstance(git, MortalGit):
            await reopen(git, tree)
            return
        subprocess.run(["rm", "-rf", str(tree.path)], check=True)
        await reopen(git, tree)

    def check(_: int) -> None:
        assert sh(tree.path, "rev-parse", "HEAD") == tip
        assert sh(tree.path, "status", "--porcelain") == ""

    assert await die_everywhere(repo, act, check) >= 4


WHOLE = """
import asyncio, pathlib, subprocess, sys
from core.host.git.commit import commit_forgotten
from core.host.git.landing import merge
from core.host.git.outcomes import MergeRequest
from core.host.git.project import inspect_project
from core.host.git.records import WorktreeSpec
from core.host.git.removal import remove
from core.host.git.runner import Git
from core.host.git.worktree import create

async def main(root, trees, scratch):
    git = Git(scratch=scratch)
    state = await inspect_project(git, root)
    tree = await create(git, WorktreeSpec(root, trees / "s1", "agents/s1", state.base_sha, "s1", "main"))
    (tree.path / "new.txt").write_text("new")
    await commit_forgotten(git, tree, "work")
    request = MergeRequest(root, tree.branch, "main", "landed", "s1", tree.base_sha, strategy="squash")
    print(await merge(git, request))
    print(await remove(git, tree))
    git.close()

asyncio.run(main(*map(pathlib.Path, sys.argv[1:])))
"""


@pytest.mark.chaos
@pytest.mark.slow
async def test_a_real_kill_at_any_moment_leaves_one_merge(git: Git, tmp_path: Path) -> None:
    dice = random.Random(7)
    for number in range(12):
        repo = make_repo(git, tmp_path / f"p{number}", tmp_path / f"t{number}")
        for n in range(200):
            (repo.root / f"many{n}.txt").write_text("x" * 2000)
        repo.commit()
        scratch = tmp_path / f"scratch{number}"
        scratch.mkdir()
        command = [sys.executable, "-c", WHOLE, str(repo.root), str(repo.trees), str(scratch)]
        for delay in (dice.uniform(0.05, 0.6), dice.uniform(0.05, 0.6)):
            process = await asyncio.create_subprocess_exec(
                *command, env=os.environ | PLAIN, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            await asyncio.sleep(delay)
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            await process.communicate()
        done = subprocess.run(command, env=os.environ | PLAIN, capture_output=True, text=True, check=False)
        # Killed after its branch was removed, the whole begins anew and finds its work on the base.
        assert done.returncode == 0, done.stderr
        assert sh(repo.root, "log", "--format=%s", "main").split("\n") == ["landed", "work", "first"]
        assert sh(repo.root, "status", "--porcelain") == ""
        assert sh(repo.root, "branch", "--list").split() == ["*", "main"]
        assert not list(repo.trees.glob("*"))
