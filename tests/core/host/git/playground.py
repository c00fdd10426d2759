"""Real repositories for tests, made with plain git under a harmless configuration of its own."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from core.host.git.landing import merge
from core.host.git.outcomes import MergeRequest, Outcome
from core.host.git.records import Worktree, WorktreeSpec
from core.host.git.runner import Git
from core.host.git.worktree import create

PLAIN = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Somebody",
    "GIT_AUTHOR_EMAIL": "somebody@example.invalid",
    "GIT_COMMITTER_NAME": "Somebody",
    "GIT_COMMITTER_EMAIL": "somebody@example.invalid",
}


def sh(cwd: Path, *args: str, check: bool = True) -> str:
    """Run git the way a user would and give what it prints."""
    done = subprocess.run(
        ["git", "-c", "core.hooksPath=/dev/null", "-c", "protocol.file.allow=always", *args],
        cwd=cwd,
        env=os.environ | PLAIN,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
    )
    if check and done.returncode:
        raise AssertionError(f"git {' '.join(args)}: {done.stderr}")
    return done.stdout.strip("\n")


@dataclass
class Repo:
    """A user's repository with `a.txt` and `b.txt` on `main`."""

    git: Git
    root: Path
    trees: Path

    def commit(self, where: Path | None = None, message: str = "work", **files: str) -> str:
        """Write files (`a_txt` is a.txt) and commit them."""
        where = where or self.root
        self.write(where, **files)
        sh(where, "add", "-A")
        sh(where, "commit", "-q", "-m", message)
        return sh(where, "rev-parse", "HEAD")

    def write(self, where: Path | None = None, **files: str) -> None:
        """Write files without committing them."""
        for name, text in files.items():
            path = (where or self.root) / name.replace("__", "/").replace("_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def sha(self, revision: str) -> str:
        """The commit of a revision."""
        return sh(self.root, "rev-parse", "--verify", revision)

    def show(self, revision: str, path: str) -> str:
        """A file's content in a commit."""
        return sh(self.root, "show", f"{revision}:{path}")

    def picture(self, where: Path | None = None) -> dict[str, object]:
        """Everything of a checkout that a merge must not change: HEAD, index, files, stashes."""
        where = where or self.root
        files = {p: p.read_bytes() for p in sorted(where.rglob("*")) if p.is_file() and ".git" not in p.parts}
        return {
            "head": sh(where, "symbolic-ref", "-q", "HEAD", check=False) or sh(where, "rev-parse", "HEAD"),
            "index": sh(where, "ls-files", "--stage"),
            "status": sh(where, "--no-optional-locks", "status", "--porcelain"),
            "stashes": sh(where, "stash", "list"),
            "files": files,
        }

    def spec(self, session: str = "s1", base: str = "main", **changed: object) -> WorktreeSpec:
        """A wish for a worktree."""
        fields: dict[str, object] = {
            "project": self.root,
            "path": self.trees / session,
            "branch": f"agents/{session}",
            "base_sha": self.sha(f"refs/heads/{base}"),
            "session": session,
            "base_name": base,
        }
        return WorktreeSpec(**(fields | changed))  # type: ignore[arg-type]

    async def tree(self, session: str = "s1", base: str = "main", **changed: object) -> Worktree:
        """A worktree of ours."""
        return await create(self.git, self.spec(session, base, **changed))

    def request(self, tree: Worktree, **changed: object) -> MergeRequest:
        """A wish to merge it."""
        fields: dict[str, object] = {
            "project": tree.project,
            "branch": tree.branch,
            "base": tree.base,
            "title": f"Work of {tree.session}",
            "session": tree.session,
            "start": tree.base_sha,
        }
        return MergeRequest(**(fields | changed))  # type: ignore[arg-type]

    async def land(self, tree: Worktree, **changed: object) -> Outcome:
        """Merge it."""
        return await merge(self.git, self.request(tree, **changed))


def make_repo(git: Git, root: Path, trees: Path, *options: str) -> Repo:
    """A repository with one commit on main."""
    root.mkdir(parents=True, exist_ok=True)
    sh(root, "init", "-q", "-b", "main", *options)
    repo = Repo(git, root, trees)
    repo.commit(message="first", a_txt="one\ntwo\nthree\n", b_txt="b\n")
    return repo
