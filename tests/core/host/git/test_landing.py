"""Merging: what lands, what is refused, and that nothing else moves."""

import asyncio
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from core.host.git.landing import merge, undo
from core.host.git.outcomes import (
    AlreadyLanded,
    BaseMoved,
    Blocked,
    Conflict,
    Merged,
    NothingToMerge,
    Reason,
    Undone,
)
from core.host.git.runner import Git, Output
from core.host.git.worktree import create
from tests.core.host.git.playground import Repo, sh


async def merged(repo: Repo, tree: object, **changed: object) -> Merged:
    outcome = await repo.land(tree, **changed)  # type: ignore[arg-type]
    assert isinstance(outcome, Merged), outcome
    return outcome


async def test_a_merge_makes_one_merge_commit_that_names_the_session(repo: Repo) -> None:
    tree = await repo.tree()
    tip = repo.commit(tree.path, new_txt="new\n")
    done = await merged(repo, tree, title="Add new", message="It was needed.")
    assert sh(repo.root, "rev-list", "--parents", "-n1", "main").split() == [done.new, done.old, tip]
    text = sh(repo.root, "log", "-1", "--format=%B|%an <%ae>|%cn", "main")
    assert (
        text == "Add new\n\nIt was needed.\n\nLeadhand-Session: s1\n|Leadhand <leadhand@localhost>|Leadhand"
    )
    assert (repo.root / "new.txt").read_text() == "new\n"
    assert sh(repo.root, "status", "--porcelain") == ""
    assert done.checkout == repo.root
    assert "leadhand: merge agents/s1" in sh(repo.root, "reflog", "-1", "main")


async def test_a_squash_is_one_commit_with_one_parent(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    repo.commit(tree.path, x_txt="2\n")
    done = await merged(repo, tree, strategy="squash")
    assert sh(repo.root, "rev-list", "--parents", "-n1", "main").split() == [done.new, done.old]
    assert repo.show("main", "x.txt") == "2"


async def test_a_rebase_keeps_each_commit_its_author_and_its_date(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, "one — ü", x_txt="1\n")
    repo.commit(tree.path, "two", y_txt="2\n")
    wanted = sh(tree.path, "log", "--format=%s|%an|%ad", "-2")
    repo.commit(repo.root, "base goes on", z_txt="z\n")
    await merged(repo, tree, strategy="rebase")
    assert sh(repo.root, "log", "--format=%s|%an|%ad", "-2", "main") == wanted
    assert sh(repo.root, "rev-list", "--merges", "main") == ""
    assert (repo.root / "z.txt").exists()


async def test_a_rebase_refuses_to_lose_what_a_merge_commit_resolved(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    repo.commit(repo.root, z_txt="z\n")
    sh(tree.path, "merge", "-q", "--no-commit", "main")
    repo.commit(tree.path, evil_txt="made in the merge\n")
    before = repo.sha("main")
    assert await repo.land(tree, strategy="rebase") == Blocked(Reason.MERGE_COMMITS)
    assert repo.sha("main") == before
    await merged(repo, tree, strategy="squash")
    assert (repo.root / "evil.txt").exists()


async def test_a_conflict_changes_nothing_and_names_the_files(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, a_txt="theirs\n", b_txt="theirs\n")
    repo.commit(repo.root, a_txt="ours\n")
    before = repo.picture(), repo.picture(tree.path), repo.sha("main")
    for strategy in ("merge", "squash", "rebase"):
        assert await repo.land(tree, strategy=strategy) == Conflict(("a.txt",))
    assert (repo.picture(), repo.picture(tree.path), repo.sha("main")) == before


async def test_a_branch_without_changes_is_nothing_to_merge(repo: Repo) -> None:
    tree = await repo.tree()
    assert isinstance(await repo.land(tree), NothingToMerge)
    repo.commit(tree.path, a_txt="other\n")
    repo.commit(tree.path, a_txt="one\ntwo\nthree\n")
    assert isinstance(await repo.land(tree), NothingToMerge)


async def test_work_the_base_has_already_is_not_merged_again(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, a_txt="done\n")
    sh(repo.root, "merge", "-q", "--squash", tree.branch)
    sh(repo.root, "commit", "-q", "-m", "by hand")
    before = repo.sha("main")
    outcome = await repo.land(tree)
    assert isinstance(outcome, AlreadyLanded)
    assert repo.sha("main") == before


async def test_uncommitted_work_in_the_worktree_is_said_to_be_that(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    repo.write(tree.path, x_txt="2\n", forgotten_txt="f\n")
    assert await repo.land(tree) == Blocked(Reason.WORKTREE_DIRTY, ("x.txt", "forgotten.txt"))


async def test_a_half_done_rebase_in_the_worktree_blocks(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, a_txt="theirs\n")
    repo.commit(repo.root, a_txt="ours\n")
    sh(tree.path, "rebase", "main", check=False)
    assert await repo.land(tree) == Blocked(Reason.WORKTREE_BUSY, detail="rebase")


async def test_asking_twice_merges_once(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    first = await merged(repo, tree, strategy="squash")
    repo.commit(repo.root, x_txt="changed since\n")
    second = await merged(repo, tree, strategy="squash")
    assert second.repeated
    assert (second.old, second.new) == (first.old, first.new)
    assert sh(repo.root, "rev-list", "--count", "main") == "3"


@pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])
async def test_a_follow_up_lands_only_what_is_new(repo: Repo, strategy: str) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, a_txt="first answer\n")
    await merged(repo, tree, strategy=strategy)
    repo.commit(tree.path, "second", a_txt="second answer\n")
    done = await merged(repo, tree, strategy=strategy)
    assert not done.repeated
    assert repo.show("main", "a.txt") == "second answer"


async def test_a_blocked_follow_up_does_not_forget_the_first_merge(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, a_txt="first answer\n")
    await merged(repo, tree, strategy="squash")
    repo.commit(tree.path, a_txt="second answer\n")
    repo.write(a_txt="edited by the user\n")
    assert await repo.land(tree, strategy="squash") == Blocked(
        Reason.LOCAL_EDITS, ("a.txt",), (await blocked(repo, tree)).detail
    )
    sh(repo.root, "checkout", "-q", "a.txt")
    await merged(repo, tree, strategy="squash")


async def blocked(repo: Repo, tree: object) -> Blocked:
    outcome = await repo.land(tree, strategy="squash")  # type: ignore[arg-type]
    assert isinstance(outcome, Blocked), outcome
    return outcome


async def test_twenty_merges_at_once_all_land(repo: Repo) -> None:
    trees = await asyncio.gather(*(repo.tree(f"s{n}") for n in range(20)))
    for n, tree in enumerate(trees):
        repo.commit(tree.path, **{f"f{n}_txt": "x\n"})
    outcomes = await asyncio.gather(*(repo.land(tree) for tree in trees))
    assert [type(outcome) for outcome in outcomes] == [Merged] * 20
    assert sh(repo.root, "rev-list", "--count", "--merges", "main") == "20"
    assert len(list(repo.root.glob("f*.txt"))) == 20
    assert sh(repo.root, "status", "--porcelain") == ""


async def test_the_session_s_base_is_the_target_whatever_is_checked_out(repo: Repo) -> None:
    sh(repo.root, "branch", "develop")
    sh(repo.root, "checkout", "-q", "-b", "feature")
    repo.commit(repo.root, "not for anybody", feature_txt="f\n")
    tree = await repo.tree(base="develop")
    repo.commit(tree.path, x_txt="1\n")
    main, before = repo.sha("main"), repo.picture()
    done = await merged(repo, tree)
    assert repo.sha("develop") == done.new
    assert repo.sha("main") == main
    assert repo.picture() == before
    assert sh(repo.root, "ls-tree", "--name-only", "develop").split() == ["a.txt", "b.txt", "x.txt"]


async def test_branches_without_a_common_history_are_refused(repo: Repo) -> None:
    tree = await repo.tree()
    sh(tree.path, "checkout", "-q", "--orphan", "island")
    repo.commit(tree.path, i_txt="i\n")
    outcome = await repo.land(tree, branch="island")
    assert outcome == Blocked(Reason.UNRELATED)
    assert await repo.land(tree, branch="main") == Blocked(Reason.SAME_BRANCH)


async def test_an_undo_moves_the_base_and_its_checkout_back(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n", a_txt="changed\n")
    before = repo.picture()
    done = await merged(repo, tree)
    assert await undo(repo.git, done) == Undone("main", done.old)
    assert repo.picture() == before
    assert await undo(repo.git, done) == Undone("main", done.old)
    again = await merged(repo, tree)
    assert not again.repeated


async def test_an_undo_keeps_the_user_s_edits_and_staged_files(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    done = await merged(repo, tree)
    repo.write(a_txt="edited\n", staged_txt="s\n")
    sh(repo.root, "add", "staged.txt")
    assert isinstance(await undo(repo.git, done), Undone)
    assert sh(repo.root, "status", "--porcelain") == " M a.txt\nA  staged.txt"
    assert not (repo.root / "x.txt").exists()


async def test_an_undo_that_would_lose_edits_is_refused(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, a_txt="merged\n")
    done = await merged(repo, tree)
    repo.write(a_txt="edited on top\n")
    before = repo.picture()
    outcome = await undo(repo.git, done)
    assert isinstance(outcome, Blocked)
    assert (outcome.reason, outcome.files) == (Reason.LOCAL_EDITS, ("a.txt",))
    assert (repo.picture(), repo.sha("main")) == (before, done.new)


async def test_an_undo_is_refused_once_something_came_on_top(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    done = await merged(repo, tree)
    later = repo.commit(repo.root, y_txt="2\n")
    assert isinstance(await undo(repo.git, done), BaseMoved)
    assert repo.sha("main") == later


async def test_checks_run_on_the_merged_result_before_anything_moves(repo: Repo, tmp_path: Path) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    repo.commit(repo.root, y_txt="2\n")
    before = repo.sha("main")
    outcome = await repo.land(tree, verify=(("test", "-e", "x.txt"), ("sh", "-c", "echo broken; exit 3")))
    assert outcome == Blocked(Reason.VERIFY_FAILED, ("sh -c echo broken; exit 3",), "exit code 3\nbroken")
    assert repo.sha("main") == before
    await merged(repo, tree, verify=(("test", "-e", "x.txt"), ("test", "-e", "y.txt")))
    assert len(sh(repo.root, "worktree", "list").splitlines()) == 2


async def test_a_checkout_a_killed_check_left_does_not_stand_in_the_way(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    left = repo.git.scratch / f"verify-s1-{crc32(str(repo.root / '.git').encode()):08x}"
    sh(repo.root, "worktree", "add", "-q", "--detach", str(left), "main")
    (left / "a.txt").write_text("half done")
    await merged(repo, tree, verify=(("sh", "-c", "test -e x.txt && git diff --quiet"),))
    assert not left.exists()


async def test_a_check_that_hangs_or_is_missing_fails_the_merge(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    slow = await repo.land(tree, verify=(("sh", "-c", "sleep 60 & sleep 60"),), verify_timeout_s=0.3)
    assert isinstance(slow, Blocked)
    assert slow.detail == "took too long"
    missing = await repo.land(tree, verify=(("no-such-program",),))
    assert isinstance(missing, Blocked)
    assert missing.reason is Reason.VERIFY_FAILED


async def test_a_check_does_not_see_our_environment(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADHAND_TELEGRAM_TOKEN", "12:secret")
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    show = ("sh", "-c", "env; exit 1")
    outcome = await repo.land(tree, verify=(show,), verify_env={"WANTED": "yes"})
    assert isinstance(outcome, Blocked)
    assert "secret" not in outcome.detail
    assert "WANTED=yes" in outcome.detail


async def test_a_base_that_moves_during_the_checks_is_checked_again(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    count = repo.root.parent / "count"
    move = (
        f"echo run >> '{count}'; test $(wc -l < '{count}') -gt 1 || "
        f"git -C '{repo.root}' -c user.name=u -c user.email=u@u -c commit.gpgSign=false"
        " -c core.hooksPath=/dev/null -c core.fsmonitor=false commit --allow-empty -q -m moved"
    )
    await merged(repo, tree, verify=(("sh", "-c", move),))
    assert count.read_text() == "run\n"  # an empty commit gives the same tree: already checked
    tree = await repo.tree("s2")
    repo.commit(tree.path, y_txt="1\n")
    always = move.replace("-gt 1", "-gt 99").replace("commit --allow-empty", "commit -a --allow-empty")
    always = f"date +%N > '{repo.root}/a.txt'; {always}"
    assert isinstance(await repo.land(tree, verify=(("sh", "-c", always),)), BaseMoved)


async def test_names_with_odd_characters_work(repo: Repo) -> None:
    odd = "agents/修复-ünï#1%$(x)'\""
    tree = await create(repo.git, repo.spec(branch=odd, path=repo.trees / "工作 tree's"))
    assert tree.branch == odd
    repo.commit(tree.path, **{"файл 文件": "x\n"})
    await merged(repo, tree, title='quote " $(id) `id` \n second line')
    assert sh(repo.root, "log", "-1", "--format=%s", "main") == 'quote " $(id) `id` second line'
    assert (repo.root / "файл 文件").exists()


class MeddledGit(Git):
    """Lets somebody commit to the base right before our first attempt to move it."""

    def __init__(self, repo: Repo, times: int) -> None:
        super().__init__(scratch=repo.git.scratch)
        self._repo, self._left = repo, times

    async def run(self, cwd: Path | str, *args: str, **options: Any) -> Output:
        moves = args[0] == "merge" or "refs/heads/main" in (options.get("stdin") or "")
        if moves and self._left:
            self._left -= 1
            where = self._repo.root
            tree = sh(where, "rev-parse", "main^{tree}")
            new = sh(where, "commit-tree", tree, "-p", "main", "-m", f"meanwhile {self._left}")
            sh(where, "update-ref", "refs/heads/main", new)
        return await super().run(cwd, *args, **options)


@pytest.mark.parametrize("checked_out", [True, False])
async def test_a_commit_that_comes_in_between_is_not_lost(repo: Repo, checked_out: bool) -> None:
    if not checked_out:
        sh(repo.root, "checkout", "-q", "--detach")
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    git = MeddledGit(repo, times=2)
    done = await merge(git, repo.request(tree))
    git.close()
    assert isinstance(done, Merged)
    subjects = sh(repo.root, "log", "--first-parent", "--format=%s", "main").split("\n")
    assert subjects == ["Work of s1", "meanwhile 0", "meanwhile 1", "first"]


async def test_a_base_that_never_rests_is_given_up(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    git = MeddledGit(repo, times=99)
    assert isinstance(await merge(git, repo.request(tree)), BaseMoved)
    git.close()
    assert "Work of s1" not in sh(repo.root, "log", "--format=%s", "main")
