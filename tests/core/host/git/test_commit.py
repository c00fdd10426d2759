"""Forgotten changes and snapshots: committed where they belong, and the agent's index left as it was."""

from pathlib import Path

import pytest

from core.host.git.commit import commit_forgotten
from core.host.git.errors import (
    BranchChanged,
    IndexLocked,
    OperationInProgress,
    WorktreeGone,
    WorktreeMoved,
)
from core.host.git.runner import Identity
from core.host.git.snapshot import backup, tree
from tests.core.host.git.playground import Repo, make_repo, sh


async def test_everything_that_is_not_ignored_is_committed(repo: Repo) -> None:
    (repo.root / ".gitignore").write_text("*.log\n")
    repo.commit()
    work = await repo.tree()
    repo.write(work.path, a_txt="edited\n", sub__new_txt="n\n", x_log="ignored\n")
    (work.path / "b.txt").unlink()
    sha = await commit_forgotten(repo.git, work, "# Fix it\n\nbecause\n", Identity("Agent", "a@b"))
    assert sha == sh(work.path, "rev-parse", "HEAD")
    assert sh(work.path, "show", "--format=%an|%cn|%B", "--name-status", "HEAD").split("\n") == [
        "Agent|Leadhand|# Fix it", "", "because", "", "", "M\ta.txt", "D\tb.txt", "A\tsub/new.txt",
    ]  # fmt: skip
    assert sh(work.path, "status", "--porcelain") == ""
    assert (work.path / "x.log").exists()


async def test_nothing_to_commit_is_nothing(repo: Repo) -> None:
    work = await repo.tree()
    head = sh(work.path, "rev-parse", "HEAD")
    assert await commit_forgotten(repo.git, work, "x") is None
    assert sh(work.path, "rev-parse", "HEAD") == head


async def test_an_empty_message_still_commits(repo: Repo) -> None:
    work = await repo.tree()
    repo.write(work.path, a_txt="edited\n")
    assert await commit_forgotten(repo.git, work, " \n")


async def test_the_repository_s_own_hooks_do_not_run(repo: Repo, tmp_path: Path) -> None:
    hooks = repo.root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "pre-commit",
        "commit-msg",
        "post-commit",
        "post-checkout",
        "post-merge",
        "reference-transaction",
    ):
        hook = hooks / name
        hook.write_text(f"#!/bin/sh\necho {name} >> '{tmp_path}/hooked'\nexit 1\n")
        hook.chmod(0o755)
    work = await repo.tree()
    repo.write(work.path, a_txt="edited\n")
    assert await commit_forgotten(repo.git, work, "x")
    assert type(await repo.land(work)).__name__ == "Merged"
    assert not (tmp_path / "hooked").exists()


async def test_another_branch_in_the_worktree_is_refused(repo: Repo) -> None:
    work = await repo.tree()
    sh(work.path, "checkout", "-q", "-b", "elsewhere")
    repo.write(work.path, a_txt="edited\n")
    with pytest.raises(BranchChanged) as caught:
        await commit_forgotten(repo.git, work, "x")
    assert (caught.value.expected, caught.value.found) == (work.branch, "elsewhere")
    sh(work.path, "checkout", "-q", "--detach")
    with pytest.raises(BranchChanged):
        await commit_forgotten(repo.git, work, "x")


async def test_a_half_done_rebase_or_merge_is_refused(repo: Repo) -> None:
    work = await repo.tree()
    repo.commit(work.path, a_txt="theirs\n")
    repo.commit(repo.root, a_txt="ours\n")
    for command in ("merge", "rebase"):
        sh(work.path, command, "main", check=False)
        with pytest.raises(OperationInProgress) as caught:
            await commit_forgotten(repo.git, work, "x")
        assert caught.value.operation == command
        sh(work.path, command, "--abort")


async def test_a_lock_file_left_behind_is_named(repo: Repo) -> None:
    work = await repo.tree()
    repo.write(work.path, a_txt="edited\n")
    lock = repo.root / ".git" / "worktrees" / "s1" / "index.lock"
    lock.touch()
    with pytest.raises(IndexLocked) as caught:
        await commit_forgotten(repo.git, work, "x")
    assert caught.value.lock == lock
    assert lock.exists()
    lock.unlink()
    assert await commit_forgotten(repo.git, work, "x")


async def test_a_directory_that_lost_its_git_file_is_never_acted_on(repo: Repo) -> None:
    outer = make_repo(repo.git, repo.trees, repo.trees / "unused")
    work = await repo.tree()
    (work.path / ".git").unlink()
    before = sh(outer.root, "rev-parse", "HEAD"), sh(outer.root, "status", "--porcelain")
    for act in (commit_forgotten(repo.git, work, "x"), tree(repo.git, work), backup(repo.git, work)):
        with pytest.raises(WorktreeMoved):
            await act
    assert (sh(outer.root, "rev-parse", "HEAD"), sh(outer.root, "status", "--porcelain")) == before


async def test_a_missing_directory_is_said_so_and_git_is_not_run_elsewhere(repo: Repo) -> None:
    work = await repo.tree()
    sh(repo.root, "worktree", "remove", "-f", "-f", str(work.path))
    with pytest.raises(WorktreeGone):
        await commit_forgotten(repo.git, work, "x")


async def test_the_tree_holds_what_is_untracked_and_the_index_stays(repo: Repo) -> None:
    work = await repo.tree()
    clean = await tree(repo.git, work)
    assert clean == repo.sha("main^{tree}")
    repo.write(work.path, a_txt="staged\n")
    sh(work.path, "add", "a.txt")
    repo.write(work.path, a_txt="edited after\n", new_txt="n\n")
    index = repo.root / ".git" / "worktrees" / "s1" / "index"
    before = index.read_bytes(), sh(work.path, "status", "--porcelain")
    found = await tree(repo.git, work)
    assert (index.read_bytes(), sh(work.path, "status", "--porcelain")) == before
    assert before[1] == "MM a.txt\n?? new.txt"
    assert sh(repo.root, "ls-tree", "--name-only", found).split() == ["a.txt", "b.txt", "new.txt"]
    assert repo.show(found, "a.txt") == "edited after"
    (repo.root / ".git" / "worktrees" / "s1" / "index.lock").touch()
    assert await tree(repo.git, work) == found


async def test_a_backup_brings_everything_back_and_is_made_once(repo: Repo) -> None:
    work = await repo.tree()
    tip = repo.commit(work.path, x_txt="1\n")
    repo.write(work.path, x_txt="2\n", new_txt="n\n")
    name = await backup(repo.git, work)
    assert name == "refs/leadhand/backup/s1/1"
    assert await backup(repo.git, work) == name
    repo.write(work.path, x_txt="3\n")
    assert await backup(repo.git, work) == "refs/leadhand/backup/s1/2"
    sh(repo.root, "worktree", "remove", "-f", "-f", str(work.path))
    sh(repo.root, "branch", "-D", work.branch)
    sh(repo.root, "gc", "-q", "--prune=now")
    assert sh(repo.root, "rev-parse", f"{name}^") == tip
    assert (repo.show(name, "x.txt"), repo.show(name, "new.txt")) == ("2", "n")


async def test_a_backup_holds_every_commit_of_a_wandering_agent(repo: Repo) -> None:
    work = await repo.tree()
    tip = repo.commit(work.path, x_txt="1\n")
    sh(work.path, "checkout", "-q", "--detach", "main")
    loose = repo.commit(work.path, y_txt="1\n")
    name = await backup(repo.git, work)
    held = sh(repo.root, "rev-list", name).split()
    assert {tip, loose} <= set(held)
