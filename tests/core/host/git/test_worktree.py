"""Worktrees: made once, found again, brought back; nobody else's branch or directory is used."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core.host.git import registry
from core.host.git.changes import changes
from core.host.git.errors import (
    BadName,
    BranchInUse,
    BranchMissing,
    DiskFull,
    GitFailed,
    WorktreeMoved,
)
from core.host.git.guard import locate
from core.host.git.landing import undo
from core.host.git.outcomes import Merged, Undone
from core.host.git.project import inspect_project
from core.host.git.removal import Removed, remove
from core.host.git.runner import Git
from core.host.git.worktree import create, reopen
from tests.core.host.git.playground import Repo, make_repo, sh


async def test_a_worktree_is_locked_untracked_and_starts_at_the_base(repo: Repo) -> None:
    sh(repo.root, "config", "branch.autoSetupMerge", "always")
    tree = await repo.tree()
    assert sh(tree.path, "symbolic-ref", "HEAD") == "refs/heads/agents/s1"
    assert sh(tree.path, "rev-parse", "HEAD") == tree.base_sha == repo.sha("main")
    listed = sh(repo.root, "worktree", "list", "--porcelain")
    assert "locked leadhand:s1" in listed
    assert sh(repo.root, "config", "--get-regexp", "^branch.agents", check=False) == ""
    assert sh(tree.path, "status", "--porcelain") == ""


async def test_asking_again_gives_the_same_worktree(repo: Repo) -> None:
    first = await repo.tree()
    repo.commit(tree := first.path, x_txt="1\n")
    repo.write(tree, y_txt="not committed\n")
    repo.commit(repo.root, base_txt="moved on\n")
    assert await repo.tree() == first
    assert (first.path / "y.txt").exists()
    assert await create(repo.git, repo.spec(branch="other", path=repo.trees / "other")) == first


async def test_a_branch_of_the_same_name_is_never_used(repo: Repo) -> None:
    sh(repo.root, "branch", "agents/s1")
    theirs = repo.commit(repo.root, x_txt="1\n")
    tree = await repo.tree()
    assert (tree.branch, tree.path.name) == ("agents/s1-2", "s1-2")
    assert repo.sha("agents/s1") != theirs


async def test_a_branch_that_is_a_folder_of_ours_gives_a_flat_name(repo: Repo) -> None:
    sh(repo.root, "branch", "agents")
    assert (await repo.tree()).branch == "agents-s1-2"


async def test_a_directory_that_is_there_is_left_alone(repo: Repo) -> None:
    (repo.trees / "s1").mkdir(parents=True)
    (repo.trees / "s1" / "mine").write_text("precious")
    tree = await repo.tree()
    assert tree.path == repo.trees / "s1-2"
    assert [p.name for p in (repo.trees / "s1").iterdir()] == ["mine"]


async def test_twenty_worktrees_at_once(repo: Repo) -> None:
    trees = await asyncio.gather(*(repo.tree(f"s{n}", branch="agents/same") for n in range(20)))
    assert len({tree.branch for tree in trees}) == len({tree.path for tree in trees}) == 20
    again = await asyncio.gather(*(repo.tree(f"s{n}") for n in range(20)))
    assert again == trees


async def test_two_processes_share_the_lock(repo: Repo) -> None:
    others = [Git(scratch=repo.git.scratch) for _ in range(4)]
    try:
        names = [f"s{n}" for n in range(12)]
        made = await asyncio.gather(*(create(others[n % 4], repo.spec(name)) for n, name in enumerate(names)))
        assert len({tree.branch for tree in made}) == 12
    finally:
        for other in others:
            other.close()


@pytest.mark.parametrize(
    "name",
    ["", "-x", "a..b", "a b", "x.lock", "HEAD", "a\nb", "a 1\ndelete refs/heads/main", "@{-1}", "/a", "a~1"],
)
async def test_a_branch_name_git_would_refuse_is_refused(repo: Repo, name: str) -> None:
    before = sh(repo.root, "for-each-ref")
    with pytest.raises(BadName):
        await repo.tree(branch=name)
    assert sh(repo.root, "for-each-ref") == before
    assert not list((repo.root / ".git").glob("worktrees/*"))


@pytest.mark.parametrize("session", ["", "a/b", "..", "a b", "-x", "x" * 65])
async def test_a_session_name_that_is_no_part_of_a_ref_is_refused(repo: Repo, session: str) -> None:
    with pytest.raises(BadName):
        await create(repo.git, repo.spec(path=repo.trees / "x", branch="b", session=session))


async def test_a_base_that_does_not_exist_leaves_nothing_behind(repo: Repo) -> None:
    before = sh(repo.root, "for-each-ref")
    with pytest.raises(BranchMissing):
        await repo.tree(base_sha="1" * 40)
    assert sh(repo.root, "for-each-ref") == before


async def test_a_failed_checkout_leaves_neither_branch_nor_directory(repo: Repo) -> None:
    (repo.root / ".gitattributes").write_text("*.txt filter=broken\n")
    sh(repo.root, "add", "-A")
    sh(repo.root, "commit", "-qm", "attributes")
    sh(repo.root, "config", "filter.broken.smudge", "false")
    sh(repo.root, "config", "filter.broken.required", "true")
    before = sh(repo.root, "for-each-ref")
    with pytest.raises(GitFailed):
        await repo.tree()
    assert sh(repo.root, "for-each-ref") == before
    assert not (repo.trees / "s1").exists()
    assert not registry.records(repo.root / ".git")
    sh(repo.root, "config", "filter.broken.smudge", "cat")
    assert (await repo.tree()).branch == "agents/s1"


async def test_a_full_disk_is_said_before_anything_is_made(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = shutil.disk_usage("/")._replace(free=50 * 1024 * 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: small)
    with pytest.raises(DiskFull) as caught:
        await repo.tree()
    assert caught.value.free == small.free
    assert sh(repo.root, "branch", "--list", "agents/*") == ""


async def test_a_lost_directory_comes_back_at_the_same_path(repo: Repo) -> None:
    tree = await repo.tree()
    tip = repo.commit(tree.path, x_txt="1\n")
    shutil.rmtree(tree.path)
    assert await reopen(repo.git, tree) == tree
    assert sh(tree.path, "rev-parse", "HEAD") == tip
    assert "locked leadhand:s1" in sh(repo.root, "worktree", "list", "--porcelain")
    shutil.rmtree(tree.path)
    assert await repo.tree() == tree
    assert (tree.path / "x.txt").exists()


async def test_other_lost_worktrees_are_not_pruned_on_the_way(repo: Repo, tmp_path: Path) -> None:
    sh(repo.root, "worktree", "add", "-q", str(tmp_path / "usb"), "-b", "away")
    shutil.rmtree(tmp_path / "usb")
    tree = await repo.tree()
    shutil.rmtree(tree.path)
    await reopen(repo.git, tree)
    assert "usb" in sh(repo.root, "worktree", "list")


async def test_a_branch_that_is_gone_or_in_use_is_said_so(repo: Repo) -> None:
    tree = await repo.tree()
    shutil.rmtree(tree.path)
    sh(repo.root, "worktree", "unlock", str(tree.path))
    sh(repo.root, "worktree", "prune")
    sh(repo.root, "checkout", "-q", tree.branch)
    with pytest.raises(BranchInUse):
        await reopen(repo.git, tree)
    sh(repo.root, "checkout", "-q", "main")
    sh(repo.root, "branch", "-D", tree.branch)
    with pytest.raises(BranchMissing):
        await reopen(repo.git, tree)


async def test_a_worktree_that_was_cut_off_by_a_moved_project_is_repaired(repo: Repo) -> None:
    tree = await repo.tree()
    moved = repo.root.rename(repo.root.with_name("moved"))
    with pytest.raises(WorktreeMoved):
        await locate(repo.git, tree)
    tree = replace(tree, project=moved)
    await reopen(repo.git, tree)
    assert sh(tree.path, "status", "--porcelain") == ""


async def test_a_bare_repository_gets_worktrees_and_merges(git: Git, repo: Repo, tmp_path: Path) -> None:
    sh(tmp_path, "clone", "-q", "--bare", str(repo.root), "bare.git")
    bare = Repo(git, tmp_path / "bare.git", tmp_path / "bare trees")
    tree = await bare.tree()
    bare.commit(tree.path, x_txt="1\n")
    done = await bare.land(tree)
    assert isinstance(done, Merged)
    assert (bare.sha("main"), done.checkout) == (done.new, None)
    assert isinstance(await undo(git, done), Undone)
    assert isinstance(await bare.land(tree, verify=(("test", "-e", "x.txt"),)), Merged)
    assert (await changes(git, tree)).commits == 0
    assert await remove(git, tree) == Removed(branch_deleted=True)


async def test_a_shallow_clone_works(git: Git, repo: Repo, tmp_path: Path) -> None:
    for n in range(3):
        repo.commit(a_txt=f"{n}\n")
    sh(tmp_path, "clone", "-q", "--depth=1", f"file://{repo.root}", "shallow")
    shallow = Repo(git, tmp_path / "shallow", tmp_path / "shallow trees")
    tree = await shallow.tree()
    shallow.commit(tree.path, x_txt="1\n")
    for strategy in ("merge", "squash", "rebase"):
        assert isinstance(await shallow.land(tree, strategy=strategy), Merged)
        tree = await shallow.tree(f"after-{strategy}")
        shallow.commit(tree.path, **{f"{strategy}_txt": "1\n"})


async def test_a_project_with_a_submodule_works(git: Git, repo: Repo, tmp_path: Path) -> None:
    part = make_repo(git, tmp_path / "part", tmp_path / "part trees")
    sh(repo.root, "submodule", "add", "-q", str(part.root), "vendor")
    sh(repo.root, "commit", "-qm", "vendor")
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    assert isinstance(await repo.land(tree), Merged)
    assert sh(repo.root, "status", "--porcelain") == ""


async def test_a_sub_directory_or_link_as_project_makes_the_same_worktree(repo: Repo) -> None:
    (repo.root / "sub").mkdir()
    link = repo.root.parent / "link"
    link.symlink_to(repo.root)
    trees = [await repo.tree(project=path) for path in (repo.root, repo.root / "sub", link)]
    assert trees[0] == trees[1] == trees[2]
    assert trees[0].project == (await inspect_project(repo.git, link)).root


async def test_a_foreign_git_environment_does_not_lead_astray(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_repo(repo.git, tmp_path / "other", tmp_path / "other trees")
    before = sh(other.root, "for-each-ref")
    spec = repo.spec()
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.root / ".git" / "index"))
    tree = await create(repo.git, spec)
    monkeypatch.undo()
    assert sh(other.root, "for-each-ref") == before
    assert sh(tree.path, "rev-parse", "HEAD") == tree.base_sha
