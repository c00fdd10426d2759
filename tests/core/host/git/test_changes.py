"""What a branch holds, in numbers and names."""

from dataclasses import replace

from core.host.git.changes import changes
from tests.core.host.git.playground import Repo, sh


async def test_numbers_names_and_subjects_of_a_branch(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, "first: ü", a_txt="one\nTWO\nthree\nfour\n")
    (tree.path / "pic ture.bin").write_bytes(b"\0\1\2")
    sh(tree.path, "mv", "b.txt", "b moved.txt")
    tip = repo.commit(tree.path, "second")
    repo.commit(repo.root, z_txt="z\n")
    repo.write(tree.path, loose_txt="l\n")
    found = await changes(repo.git, tree)
    assert (found.commits, found.ahead, found.behind) == (2, 2, 1)
    assert (found.files, found.added, found.deleted) == (3, 2, 1)
    assert found.top_files == (("a.txt", 2, 1), ("b moved.txt", 0, 0), ("pic ture.bin", 0, 0))
    assert found.subjects == ("first: ü", "second")
    assert (found.dirty, found.conflicts) == (("loose.txt",), ())
    assert (found.tip, found.base_tip) == (tip, repo.sha("main"))


async def test_what_would_conflict_is_told_beforehand(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, a_txt="theirs\n")
    repo.commit(repo.root, a_txt="ours\n")
    assert (await changes(repo.git, tree)).conflicts == ("a.txt",)


async def test_an_untouched_branch_has_no_changes_however_far_the_base_went(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(repo.root, a_txt="ours\n")
    found = await changes(repo.git, tree)
    assert (found.commits, found.files, found.behind, found.dirty) == (0, 0, 1, ())


async def test_the_recorded_base_is_what_is_measured_against(repo: Repo) -> None:
    sh(repo.root, "branch", "develop")
    repo.commit(repo.root, x_txt="x\n")
    tree = await repo.tree(base="develop")
    repo.commit(tree.path, y_txt="y\n")
    assert [path for path, _, _ in (await changes(repo.git, tree)).top_files] == ["y.txt"]
    sh(repo.root, "branch", "-D", "develop")
    assert (await changes(repo.git, tree)).commits == 1


async def test_after_a_squash_only_what_is_new_counts(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, "old", a_txt="1\n")
    await repo.land(tree, strategy="squash")
    assert (await changes(repo.git, tree)).commits == 0
    repo.commit(tree.path, "new", a_txt="2\n")
    found = await changes(repo.git, tree)
    assert (found.commits, found.files, found.subjects, found.conflicts) == (1, 1, ("new",), ())


async def test_a_merge_of_the_base_into_the_branch_does_not_count(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, "mine", x_txt="1\n")
    repo.commit(repo.root, "theirs", y_txt="1\n")
    sh(tree.path, "merge", "-q", "--no-edit", "main")
    found = await changes(repo.git, tree)
    assert (found.files, found.subjects, found.behind) == (1, ("mine",), 0)


async def test_a_lost_directory_does_not_hide_the_branch(repo: Repo) -> None:
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    found = await changes(repo.git, replace(tree, path=repo.trees / "nowhere"))
    assert (found.commits, found.dirty) == (1, ())
