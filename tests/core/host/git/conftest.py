"""Every test runs under a user's configuration that would break careless git commands."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.host.git.runner import Git
from tests.core.host.git.playground import Repo, make_repo

HOSTILE = """
[user]
    useConfigOnly = true
[commit]
    gpgSign = true
    template = {home}/missing
    cleanup = scissors
[tag]
    gpgSign = true
[gpg]
    program = {home}/hang
[core]
    editor = {home}/hang
    pager = {home}/hang
    fsmonitor = {home}/mark
    hooksPath = {home}/hooks
    quotePath = true
    askPass = {home}/hang
[sequence]
    editor = {home}/hang
[merge]
    autoStash = true
    ff = false
    verifySignatures = true
[diff]
    external = {home}/mark
    noprefix = true
    renames = copies
[color]
    ui = always
[log]
    showSignature = true
[status]
    showUntrackedFiles = no
    short = true
    branch = true
[submodule]
    recurse = true
[branch]
    autoSetupMerge = always
    autoSetupRebase = always
[worktree]
    guessRemote = true
[safe]
    bareRepository = explicit
[rerere]
    enabled = true
"""
HOOKS = (
    "pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "pre-merge-commit", "post-merge",
    "post-checkout", "reference-transaction", "post-index-change", "pre-rebase", "post-rewrite",
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    (home / "hooks").mkdir(parents=True)
    (home / "hang").write_text("#!/bin/sh\nsleep 600\n")
    (home / "mark").write_text(f"#!/bin/sh\necho ran >> '{home}/marked'\n")
    for name in HOOKS:
        (home / "hooks" / name).write_text(f"#!/bin/sh\necho {name} >> '{home}/marked'\nexit 1\n")
    for program in (*home.glob("h*ng"), home / "mark", *(home / "hooks").iterdir()):
        program.chmod(0o755)
    (home / "gitconfig").write_text(HOSTILE.format(home=home))
    return home


@pytest.fixture(autouse=True)
def hostile(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A hostile user configuration; afterwards none of its programs and hooks has run."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    monkeypatch.setenv("HOME", str(home))
    yield home / "marked"
    marked = home / "marked"
    assert not marked.exists(), marked.read_text()


@pytest.fixture
def git(tmp_path: Path) -> Iterator[Git]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    git = Git(scratch=scratch, timeout_s=20, lock_timeout_s=20)
    yield git
    git.close()
    assert not list(scratch.iterdir()), "scratch files were left"


@pytest.fixture
def repo(git: Git, tmp_path: Path) -> Repo:
    return make_repo(git, tmp_path / "project", tmp_path / "trees")
