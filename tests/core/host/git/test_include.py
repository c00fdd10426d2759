"""`.worktreeinclude`: what is copied into a new worktree, and what never is."""

import os
from pathlib import Path

from tests.core.host.git.playground import Repo, sh


def prepare(repo: Repo, include: str, ignore: str) -> None:
    (repo.root / ".worktreeinclude").write_text(include)
    (repo.root / ".gitignore").write_text(ignore)
    sh(repo.root, "add", "-A")
    sh(repo.root, "commit", "-qm", "rules")


def put(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


async def test_named_and_ignored_files_are_copied_with_their_mode(repo: Repo) -> None:
    prepare(repo, ".env\nnotes.md\n*.key\n!public.key\n", ".env\n*.key\ncache/\n")
    put(repo.root / ".env", "SECRET=1").chmod(0o600)
    put(repo.root / "sub dir" / ".env", "SECRET=2")
    put(repo.root / "notes.md")  # named, not ignored
    put(repo.root / "cache" / "big")  # ignored, not named
    put(repo.root / "private.key")
    put(repo.root / "public.key")
    tree = await repo.tree()
    assert (tree.path / ".env").read_text() == "SECRET=1"
    assert (tree.path / ".env").stat().st_mode & 0o777 == 0o600
    assert (tree.path / "sub dir" / ".env").read_text() == "SECRET=2"
    found = {p.relative_to(tree.path).as_posix() for p in tree.path.rglob("*") if p.is_file()}
    assert found == {
        ".git", ".gitignore", ".worktreeinclude", "a.txt", "b.txt", ".env", "sub dir/.env", "private.key",
    }  # fmt: skip
    assert sh(tree.path, "status", "--porcelain") == ""


async def test_links_devices_and_what_lies_outside_are_not_copied(repo: Repo, tmp_path: Path) -> None:
    prepare(repo, "*.secret\nlinked/\n", "*.secret\nlinked\n")
    outside = put(tmp_path / "outside" / "shadow", "root")
    (repo.root / "link.secret").symlink_to(outside)
    (repo.root / "linked").symlink_to(outside.parent)
    os.mkfifo(repo.root / "pipe.secret")
    put(repo.root / "good.secret")
    tree = await repo.tree()
    assert sorted(p.name for p in tree.path.glob("*secret")) == ["good.secret"]
    assert not (tree.path / "linked").exists()


async def test_a_link_in_the_branch_does_not_lead_the_copy_outside(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (repo.root / "conf").symlink_to(tmp_path / "outside")
    prepare(repo, "*.secret\n", "*.secret\n")
    base = repo.sha("main")
    (repo.root / "conf").unlink()
    put(repo.root / "conf" / "x.secret")
    await repo.tree(base_sha=base)
    assert not list((tmp_path / "outside").iterdir())
