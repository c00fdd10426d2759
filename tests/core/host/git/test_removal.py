"""Removing: what could be lost is kept, and what is said to be gone is gone."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from core.host.git.records import Worktree
from core.host.git.removal import Kept, Removed, Why, remove
from core.host.git.worktree import create
from tests.core.host.git.playground import Repo, make_repo, sh


async def kept(repo: Repo, tree: Worktree, *, force: bool = False) -> dict[Why, str]:
    """Try to remove, be refused, and find everything as it was."""
    before = repo.picture(tree.path), sh(repo.root, "for-each-ref"), sh(repo.root, "worktree", "list")
    outcome = await remove(repo.git, tree, force_with_backup=force)
    assert isinstance(outcome, Kept), outcome
    assert (
        repo.picture(tree.path),
        sh(repo.root, "for-each-ref"),
        sh(repo.root, "worktree", "list"),
    ) == before
    return dict(outcome.reasons)


def is_gone(repo: Repo, tree: Worktree) -> bool:
    listed = sh(repo.root, "worktree", "list", "--porcelain")
    return not tree.path.exists() and str(tree.path) not in listed


async def test_a_clean_landed_worktree_goes_with_its_branch(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    await repo.land(tree)
    assert await remove(repo.git, tree) == Removed(branch_deleted=True)
    assert is_gone(repo, tree)
    assert sh(repo.root, "branch", "--list", tree.branch) == ""
    assert await remove(repo.git, tree) == Removed(branch_deleted=False)


async def test_a_squashed_branch_is_backed_up_before_it_goes(repo: Repo) -> None:
    tree = await repo.tree()
    tip = repo.commit(tree.path, x_txt="1\n")
    await repo.land(tree, strategy="squash")
    outcome = await remove(repo.git, tree)
    assert outcome == Removed(branch_deleted=True, backup="refs/leadhand/backup/s1/1")
    assert sh(repo.root, "rev-parse", "refs/leadhand/backup/s1/1^") == tip


async def test_an_untouched_worktree_goes_without_a_trace(repo: Repo) -> None:
    before = sh(repo.root, "for-each-ref"), sh(repo.root, "config", "--list", "--local")
    tree = await repo.tree()
    repo.commit(repo.root, y_txt="the base goes on\n")
    assert await remove(repo.git, tree) == Removed(branch_deleted=True)
    assert sh(repo.root, "for-each-ref", "refs/leadhand", "refs/heads/agents") == ""
    assert sh(repo.root, "config", "--list", "--local") == before[1]
    assert (await repo.tree()).branch == tree.branch


async def test_dirty_and_not_landed_are_reasons_to_stay(repo: Repo) -> None:
    tree = await repo.tree()
    repo.write(tree.path, new_txt="n\n")
    assert await kept(repo, tree) == {Why.DIRTY: "new.txt"}
    repo.commit(tree.path)
    assert await kept(repo, tree) == {Why.NOT_LANDED: tree.branch}


async def test_stashes_half_done_work_and_stray_commits_are_reasons_to_stay(repo: Repo) -> None:
    tree = await repo.tree()
    repo.write(tree.path, a_txt="stashed\n")
    sh(tree.path, "stash", "-q")
    assert Why.STASH in await kept(repo, tree)
    sh(tree.path, "stash", "drop", "-q")
    sh(tree.path, "checkout", "-q", "--detach")
    repo.commit(tree.path, a_txt="stray\n")
    assert await kept(repo, tree) == {Why.OTHER_COMMITS: "HEAD"}
    sh(tree.path, "checkout", "-q", tree.branch)
    repo.commit(repo.root, a_txt="ours\n")
    repo.commit(tree.path, a_txt="theirs\n")
    sh(tree.path, "rebase", "main", check=False)
    assert {Why.BUSY, Why.DIRTY} <= (await kept(repo, tree)).keys()


async def test_with_a_backup_everything_can_be_brought_back(repo: Repo, tmp_path: Path) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    repo.write(tree.path, x_txt="2\n", new_txt="n\n")
    before = {p.name: p.read_text() for p in tree.path.glob("*.txt")}
    outcome = await remove(repo.git, tree, force_with_backup=True)
    assert outcome == Removed(branch_deleted=True, backup="refs/leadhand/backup/s1/1")
    assert is_gone(repo, tree)
    sh(repo.root, "worktree", "add", "-q", "--detach", str(tmp_path / "back"), outcome.backup)
    assert {p.name: p.read_text() for p in (tmp_path / "back").glob("*.txt")} == before


async def test_a_process_inside_keeps_it_even_with_a_backup(repo: Repo) -> None:
    tree = await repo.tree()
    (tree.path / "deep").mkdir()
    with subprocess.Popen(["sleep", "60"], cwd=tree.path / "deep") as process:
        assert await kept(repo, tree, force=True) == {Why.RUNNING: str(process.pid)}
        process.kill()
    assert isinstance(await remove(repo.git, tree), Removed)


async def test_what_we_did_not_make_is_never_removed(repo: Repo, tmp_path: Path) -> None:
    sh(repo.root, "worktree", "add", "-q", str(tmp_path / "theirs"), "-b", "theirs")
    tree = await repo.tree()
    theirs = replace(tree, path=tmp_path / "theirs", branch="theirs")
    assert Why.UNKNOWN in await kept(repo, theirs, force=True)
    assert Why.UNKNOWN in await kept(repo, replace(tree, path=repo.root, branch="main"), force=True)
    (repo.trees / "plain").mkdir()
    plain = await remove(repo.git, replace(tree, path=repo.trees / "plain"), force_with_backup=True)
    assert isinstance(plain, Kept)
    assert (repo.trees / "plain").is_dir()
    (tree.path / ".git").unlink()
    cut_off = await remove(repo.git, tree, force_with_backup=True)
    assert isinstance(cut_off, Kept)
    assert (tree.path / "a.txt").exists()


async def test_a_branch_we_did_not_make_or_that_is_in_use_stays(repo: Repo) -> None:
    tree = await repo.tree()
    sh(repo.root, "update-ref", "-d", f"refs/leadhand/made/s1/{tree.branch}")
    assert await remove(repo.git, tree) == Removed(branch_deleted=False)
    other = await repo.tree("s2")
    sh(other.path, "checkout", "-q", "--detach")
    sh(repo.root, "checkout", "-q", other.branch)
    assert await remove(repo.git, other) == Removed(branch_deleted=False)
    assert sh(repo.root, "symbolic-ref", "HEAD") == f"refs/heads/{other.branch}"


async def test_a_repository_inside_with_work_of_its_own_keeps_it(repo: Repo) -> None:
    tree = await repo.tree()
    inner = make_repo(repo.git, tree.path / "clone", repo.trees)
    assert Why.NESTED in await kept(repo, tree, force=True)
    shutil.rmtree(inner.root)
    assert isinstance(await remove(repo.git, tree), Removed)


async def test_a_clean_submodule_goes_and_one_with_commits_stays(repo: Repo, tmp_path: Path) -> None:
    part = make_repo(repo.git, tmp_path / "part", repo.trees)
    sh(repo.root, "submodule", "add", "-q", str(part.root), "vendor")
    sh(repo.root, "commit", "-qm", "vendor")
    tree = await repo.tree()
    sh(tree.path, "submodule", "update", "-q", "--init")
    other = await repo.tree("s2")
    sh(other.path, "submodule", "update", "-q", "--init")
    repo.commit(tree.path / "vendor", only_txt="here\n")
    repo.commit(tree.path)
    assert Why.NESTED in await kept(repo, tree, force=True)
    assert await remove(repo.git, other) == Removed(branch_deleted=True)
    assert is_gone(repo, other)


async def test_a_directory_that_cannot_be_removed_is_not_said_to_be_gone(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = await repo.tree()
    original = repo.git.run

    async def stubborn(cwd: Path | str, *args: str, **options: object) -> object:
        if args[:2] == ("worktree", "remove"):  # as git does when a file cannot be deleted
            args = ("worktree", "lock", str(tree.path))
        return await original(cwd, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(repo.git, "run", stubborn)
    outcome = await remove(repo.git, tree)
    assert isinstance(outcome, Kept)
    assert outcome.reasons[0][0] is Why.REMOVE_FAILED
    monkeypatch.undo()
    assert sh(repo.root, "branch", "--list", tree.branch)
    assert tree.path.exists()


async def test_a_directory_somebody_deleted_leaves_no_record(repo: Repo) -> None:
    tree = await repo.tree()
    tip = repo.commit(tree.path, x_txt="1\n")
    shutil.rmtree(tree.path)
    assert await remove(repo.git, tree) == Removed(branch_deleted=False)
    assert is_gone(repo, tree)
    assert repo.sha(tree.branch) == tip
    outcome = await remove(repo.git, tree, force_with_backup=True)
    assert outcome == Removed(branch_deleted=True, backup="refs/leadhand/backup/s1/1")
    assert sh(repo.root, "rev-parse", f"{outcome.backup}^") == tip


async def test_a_removed_session_can_begin_again(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    await remove(repo.git, tree, force_with_backup=True)
    again = await create(repo.git, repo.spec())
    assert again == tree
    assert not (again.path / "x.txt").exists()
