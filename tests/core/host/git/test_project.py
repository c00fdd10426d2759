"""Looking at a project: what is found, and each thing that stands in the way said by name."""

from pathlib import Path

import pytest

from core.host.git.errors import BaseMissing, GitTooOld, NoCommits, NotARepository
from core.host.git.project import inspect_project
from core.host.git.runner import Git
from tests.core.host.git.playground import Repo, make_repo, sh


async def test_a_project_tells_its_base_and_what_is_uncommitted(repo: Repo) -> None:
    repo.write(a_txt="edited\n", new_txt="n\n")
    state = await inspect_project(repo.git, repo.root)
    assert (state.root, state.common_dir, state.bare) == (repo.root, repo.root / ".git", False)
    assert (state.base, state.base_sha, state.head_branch) == ("main", repo.sha("main"), "main")
    assert state.checked_out_in == repo.root
    assert state.dirty_files == ("a.txt", "new.txt")
    assert state.base_tree == repo.sha("main^{tree}")


async def test_a_sub_directory_and_a_symbolic_link_are_the_same_project(repo: Repo) -> None:
    (repo.root / "sub").mkdir()
    link = repo.root.parent / "link"
    link.symlink_to(repo.root)
    for path in (repo.root / "sub", link, link / "sub"):
        state = await inspect_project(repo.git, path)
        assert (state.root, state.common_dir) == (repo.root, repo.root / ".git")


async def test_the_default_branch_is_the_base_even_when_another_is_checked_out(repo: Repo) -> None:
    sh(repo.root, "checkout", "-q", "-b", "feature")
    state = await inspect_project(repo.git, repo.root)
    assert (state.base, state.head_branch, state.checked_out_in) == ("main", "feature", None)
    sh(repo.root, "branch", "trunk")
    sh(repo.root, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert (await inspect_project(repo.git, repo.root)).base == "trunk"
    assert (await inspect_project(repo.git, repo.root, "feature")).checked_out_in == repo.root


async def test_a_detached_head_is_no_obstacle(repo: Repo) -> None:
    sh(repo.root, "checkout", "-q", "--detach")
    state = await inspect_project(repo.git, repo.root)
    assert (state.base, state.head_branch, state.checked_out_in) == ("main", None, None)


async def test_a_base_in_a_linked_worktree_is_found_there(repo: Repo, tmp_path: Path) -> None:
    sh(repo.root, "worktree", "add", "-q", str(tmp_path / "other tree"), "-b", "develop")
    state = await inspect_project(repo.git, repo.root, "develop")
    assert state.checked_out_in == tmp_path / "other tree"


async def test_a_bare_repository_is_a_project(git: Git, repo: Repo, tmp_path: Path) -> None:
    sh(tmp_path, "clone", "-q", "--bare", str(repo.root), "bare.git")
    state = await inspect_project(git, tmp_path / "bare.git")
    assert (state.bare, state.root, state.checked_out_in) == (True, tmp_path / "bare.git", None)


async def test_a_missing_base_names_the_likeliest_ones_first(repo: Repo) -> None:
    for name in ("develop", "zebra", "release/1"):
        sh(repo.root, "branch", name)
    with pytest.raises(BaseMissing) as caught:
        await inspect_project(repo.git, repo.root, "origin/develp")
    assert caught.value.base == "origin/develp"
    assert caught.value.candidates[0] == "develop"
    sh(repo.root, "branch", "-m", "main", "odd")
    sh(repo.root, "checkout", "-q", "--detach")
    with pytest.raises(BaseMissing) as caught:
        await inspect_project(repo.git, repo.root)
    assert set(caught.value.candidates) == {"develop", "odd", "release/1", "zebra"}


async def test_a_tag_or_a_commit_is_not_a_base(repo: Repo) -> None:
    sh(repo.root, "tag", "v1")
    for name in ("v1", repo.sha("main"), "", "HEAD", "--all"):
        with pytest.raises(BaseMissing):
            await inspect_project(repo.git, repo.root, name)


async def test_what_is_no_repository_is_said_so(git: Git, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    for path in (tmp_path / "plain", tmp_path / "missing"):
        with pytest.raises(NotARepository):
            await inspect_project(git, path)


async def test_the_inside_of_a_git_directory_is_refused(repo: Repo) -> None:
    with pytest.raises(NotARepository):
        await inspect_project(repo.git, repo.root / ".git")


async def test_a_repository_without_commits_is_said_so(git: Git, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    sh(tmp_path / "new", "init", "-q")
    with pytest.raises(NoCommits):
        await inspect_project(git, tmp_path / "new")


async def test_an_unborn_branch_beside_others_is_no_obstacle(repo: Repo) -> None:
    sh(repo.root, "checkout", "-q", "--orphan", "island")
    assert (await inspect_project(repo.git, repo.root)).base == "main"


async def test_a_git_that_is_too_old_is_refused(repo: Repo) -> None:
    repo.git.version = (2, 37, 9)
    with pytest.raises(GitTooOld) as caught:
        await inspect_project(repo.git, repo.root)
    assert caught.value.fields == {"found": "2.37.9", "needed": "2.38"}


async def test_looking_changes_nothing(repo: Repo) -> None:
    index = repo.root / ".git" / "index"
    (repo.root / "a.txt").touch()
    before = index.read_bytes(), index.stat().st_mtime_ns, sh(repo.root, "for-each-ref")
    await inspect_project(repo.git, repo.root)
    assert (index.read_bytes(), index.stat().st_mtime_ns, sh(repo.root, "for-each-ref")) == before


async def test_spaces_and_other_scripts_in_paths_work(git: Git, tmp_path: Path) -> None:
    repo = make_repo(git, tmp_path / "mein projekt 项目", tmp_path / "bäume und 树")
    state = await inspect_project(git, repo.root)
    assert state.root == repo.root
    tree = await repo.tree()
    repo.commit(tree.path, x_txt="1\n")
    assert type(await repo.land(tree)).__name__ == "Merged"
