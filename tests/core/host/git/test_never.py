"""Things other tools were seen to do to a user's repository. Here they do not happen."""

import asyncio
import shutil

from core.host.git.commit import commit_forgotten
from core.host.git.outcomes import Blocked, Merged, Reason
from core.host.git.removal import remove
from tests.core.host.git.playground import Repo, sh


async def test_commits_of_the_branch_the_user_is_on_do_not_leak_into_the_base(repo: Repo) -> None:
    sh(repo.root, "checkout", "-q", "-b", "feature")
    foreign = repo.commit(feature_txt="half done\n")
    repo.write(a_txt="edited\n")
    before = repo.picture()
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    assert isinstance(await repo.land(tree), Merged)
    assert repo.picture() == before
    assert foreign not in sh(repo.root, "rev-list", "main")


async def test_a_worktree_whose_directory_is_gone_is_merged_without_checking_it_out(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    shutil.rmtree(tree.path)
    sh(repo.root, "checkout", "-q", "--detach")
    reflog = sh(repo.root, "reflog", "HEAD")
    assert isinstance(await repo.land(tree), Merged)
    assert sh(repo.root, "reflog", "HEAD") == reflog


async def test_merges_asked_for_through_different_spellings_do_not_run_into_each_other(repo: Repo) -> None:
    (repo.root / "sub").mkdir()
    link = repo.root.parent / "link"
    link.symlink_to(repo.root)
    spellings = [repo.root, repo.root / "sub", link, link / "sub"] * 3
    trees = [await repo.tree(f"s{n}") for n in range(len(spellings))]
    for n, tree in enumerate(trees):
        repo.commit(tree.path, **{f"f{n}_txt": "x\n"})
    outcomes = await asyncio.gather(
        *(repo.land(tree, project=path) for tree, path in zip(trees, spellings, strict=True))
    )
    assert [type(outcome) for outcome in outcomes] == [Merged] * len(spellings)
    assert sh(repo.root, "status", "--porcelain") == ""


async def test_an_untracked_file_does_not_leave_a_merged_worktree_that_cannot_go(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    repo.write(tree.path, loose_txt="l\n")
    assert await repo.land(tree) == Blocked(Reason.WORKTREE_DIRTY, ("loose.txt",))
    await commit_forgotten(repo.git, tree, "the rest")
    assert isinstance(await repo.land(tree), Merged)
    await remove(repo.git, tree)
    assert not tree.path.exists()


async def test_the_user_s_configuration_is_never_written(repo: Repo) -> None:
    config = repo.root / ".git" / "config"
    before = config.read_text()
    tree = await repo.tree()
    repo.write(tree.path, x_txt="1\n")
    await commit_forgotten(repo.git, tree, "work")
    await repo.land(tree, verify=(("true",),))
    await remove(repo.git, tree)
    assert config.read_text() == before
    assert sorted(p.name for p in (repo.root / ".git").glob("leadhand*")) == ["leadhand.lock"]
    assert not list((repo.root / ".git").glob("worktrees/*"))
