"""A base somebody has checked out: moved forward with its files, or left alone with the reason said."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.host.git.outcomes import Blocked, Merged, Reason
from core.host.git.records import Worktree
from tests.core.host.git.playground import PLAIN, Repo, sh


@pytest.fixture
async def tree(repo: Repo) -> Worktree:
    tree = await repo.tree()
    repo.commit(tree.path, a_txt="merged\n", sub__new_txt="n\n")
    return tree


async def refused(repo: Repo, tree: Worktree, where: Path | None = None) -> Blocked:
    """Merge, be refused, and find everything as it was."""
    before = repo.picture(where), repo.sha("main"), sh(repo.root, "for-each-ref")
    outcome = await repo.land(tree)
    assert isinstance(outcome, Blocked), outcome
    assert (repo.picture(where), repo.sha("main"), sh(repo.root, "for-each-ref")) == before
    return outcome


async def test_edits_that_do_not_overlap_survive_and_no_stash_appears(repo: Repo, tree: Worktree) -> None:
    repo.write(b_txt="edited\n", loose_txt="untracked\n", staged_txt="s\n")
    sh(repo.root, "add", "staged.txt")
    assert isinstance(await repo.land(tree), Merged)
    assert sh(repo.root, "status", "--porcelain") == " M b.txt\nA  staged.txt\n?? loose.txt"
    assert (repo.root / "a.txt").read_text() == "merged\n"
    assert sh(repo.root, "stash", "list") == ""


async def test_overlapping_edits_are_named(repo: Repo, tree: Worktree) -> None:
    repo.write(a_txt="edited\n")
    outcome = await refused(repo, tree)
    assert (outcome.reason, outcome.files) == (Reason.LOCAL_EDITS, ("a.txt",))


async def test_staged_overlapping_edits_are_named(repo: Repo, tree: Worktree) -> None:
    repo.write(a_txt="edited\n")
    sh(repo.root, "add", "-A")
    outcome = await refused(repo, tree)
    assert (outcome.reason, outcome.files) == (Reason.LOCAL_EDITS, ("a.txt",))


async def test_an_untracked_file_in_the_way_is_named(repo: Repo, tree: Worktree) -> None:
    repo.write(sub__new_txt="the user's\n")
    outcome = await refused(repo, tree)
    assert (outcome.reason, outcome.files) == (Reason.LOCAL_EDITS, ("sub/new.txt",))


async def test_an_ignored_file_in_the_way_is_not_overwritten(repo: Repo) -> None:
    (repo.root / ".gitignore").write_text("secret.txt\n")
    repo.commit()
    tree = await repo.tree()
    repo.write(tree.path, secret_txt="the agent's\n")
    sh(tree.path, "add", "-f", "secret.txt")
    sh(tree.path, "commit", "-qm", "forced")
    repo.write(secret_txt="the user's\n")
    outcome = await refused(repo, tree)
    assert (outcome.reason, outcome.files) == (Reason.LOCAL_EDITS, ("secret.txt",))


async def test_a_base_in_a_linked_worktree_is_moved_there(repo: Repo, tree: Worktree, tmp_path: Path) -> None:
    sh(repo.root, "checkout", "-q", "--detach")
    linked = tmp_path / "linked 工作"
    sh(repo.root, "worktree", "add", "-q", str(linked), "main")
    repo.write(linked, b_txt="edited\n")
    before = repo.picture()
    outcome = await repo.land(tree)
    assert isinstance(outcome, Merged)
    assert outcome.checkout == linked
    assert sh(linked, "status", "--porcelain") == " M b.txt"
    assert repo.picture() == before


async def test_a_deleted_linked_worktree_does_not_stand_in_the_way(
    repo: Repo, tree: Worktree, tmp_path: Path
) -> None:
    sh(repo.root, "checkout", "-q", "--detach")
    sh(repo.root, "worktree", "add", "-q", str(tmp_path / "linked"), "main")
    shutil.rmtree(tmp_path / "linked")
    assert isinstance(await repo.land(tree), Merged)


async def test_a_checkout_on_a_disk_that_is_away_blocks(repo: Repo, tree: Worktree, tmp_path: Path) -> None:
    sh(repo.root, "checkout", "-q", "--detach")
    sh(repo.root, "worktree", "add", "-q", "--lock", str(tmp_path / "usb"), "main")
    (tmp_path / "usb").rename(tmp_path / "away")
    outcome = await refused(repo, tree)
    assert (outcome.reason, outcome.files) == (Reason.CHECKOUT_UNREACHABLE, (str(tmp_path / "usb"),))


async def test_a_base_checked_out_twice_blocks(repo: Repo, tree: Worktree, tmp_path: Path) -> None:
    sh(repo.root, "worktree", "add", "-q", "-f", str(tmp_path / "twice"), "main")
    assert (await refused(repo, tree)).reason is Reason.CHECKED_OUT_TWICE


async def test_a_half_done_merge_or_rebase_of_the_base_blocks(repo: Repo, tree: Worktree) -> None:
    sh(repo.root, "checkout", "-q", "-b", "other")
    repo.commit(b_txt="other\n")
    sh(repo.root, "checkout", "-q", "main")
    repo.commit(b_txt="main\n")
    for command in ("merge", "rebase"):
        sh(repo.root, command, "other", check=False)
        assert (await refused(repo, tree)).reason is Reason.CHECKOUT_BUSY
        sh(repo.root, command, "--abort")
    assert isinstance(await repo.land(tree), Merged)


async def test_an_index_lock_left_behind_is_named(repo: Repo, tree: Worktree) -> None:
    lock = repo.root / ".git" / "index.lock"
    lock.touch()
    outcome = await repo.land(tree)
    assert outcome == Blocked(Reason.INDEX_LOCKED, (str(lock),))
    assert lock.exists()
    lock.unlink()
    assert isinstance(await repo.land(tree), Merged)


async def test_a_ref_lock_left_behind_is_told_in_git_s_words(repo: Repo, tree: Worktree) -> None:
    sh(repo.root, "checkout", "-q", "--detach")
    lock = repo.root / ".git" / "refs" / "heads" / "main.lock"
    lock.touch()
    outcome = await repo.land(tree)
    assert isinstance(outcome, Blocked)
    assert outcome.reason is Reason.REFUSED
    lock.unlink()
    assert isinstance(await repo.land(tree), Merged)


async def test_a_base_that_nobody_has_is_moved_without_any_checkout(repo: Repo, tree: Worktree) -> None:
    sh(repo.root, "checkout", "-q", "-b", "feature")
    repo.write(a_txt="edited\n", loose_txt="l\n")
    before = repo.picture()
    outcome = await repo.land(tree)
    assert isinstance(outcome, Merged)
    assert outcome.checkout is None
    assert repo.sha("main") == outcome.new
    assert repo.picture() == before


async def test_an_unborn_branch_in_the_checkout_is_left_alone(repo: Repo, tree: Worktree) -> None:
    sh(repo.root, "checkout", "-q", "--orphan", "island")
    before = repo.picture()
    assert isinstance(await repo.land(tree), Merged)
    assert repo.picture() == before


async def test_a_sparse_checkout_stays_sparse(repo: Repo, tree: Worktree) -> None:
    repo.commit(deep__x_txt="x\n")
    sh(repo.root, "sparse-checkout", "set", "deep")
    assert isinstance(await repo.land(tree), Merged)
    assert not (repo.root / "sub").exists()
    assert sh(repo.root, "status", "--porcelain") == ""


READ_ONLY = """
import asyncio, pathlib, sys
from core.host.git.errors import RepositoryReadOnly
from core.host.git.project import inspect_project
from core.host.git.runner import Git
from core.host.git.worktree import create
from core.host.git.records import WorktreeSpec

async def main(root, scratch):
    git = Git(scratch=scratch)
    state = await inspect_project(git, root)
    try:
        await create(git, WorktreeSpec(root, scratch / "t", "b", state.base_sha, "s", "main"))
    except RepositoryReadOnly as error:
        print("read-only", error.path)
    git.close()

asyncio.run(main(*map(pathlib.Path, sys.argv[1:])))
"""


def test_a_read_only_repository_is_said_to_be_that(repo: Repo, tmp_path: Path) -> None:
    git_dir = repo.root / ".git"
    # Root may write anywhere: give up the capability that lets it.
    root = (
        ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] if os.geteuid() == 0 else []
    )
    if root and not shutil.which("setpriv"):
        pytest.skip("as root this needs setpriv")
    git_dir.chmod(0o555)
    try:
        done = subprocess.run(
            [*root, sys.executable, "-c", READ_ONLY, str(repo.root), str(tmp_path / "scratch")],
            env=os.environ | PLAIN, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        git_dir.chmod(0o755)
    assert done.stdout == f"read-only {git_dir}\n", done.stderr
