"""What can go wrong with a repository. Each error carries its facts as fields; callers put them in words.

GitError
├── GitMissing · GitTooOld · GitFailed · GitTimeout
├── NotARepository · NoCommits · BaseMissing · RepositoryReadOnly · RepositoryBusy
├── BadName · NameTaken · DiskFull · BranchMissing · BranchInUse
└── WorktreeGone · WorktreeMoved · BranchChanged · OperationInProgress · IndexLocked
"""

from __future__ import annotations

from pathlib import Path


class GitError(Exception):
    """Something about git or a repository stands in the way."""

    def __init__(self, **fields: object) -> None:
        super().__init__(", ".join(f"{name}={value}" for name, value in fields.items()))
        self.fields = fields


class GitMissing(GitError):
    """No git program was found."""

    def __init__(self) -> None:
        super().__init__()


class GitTooOld(GitError):
    """The git program lacks what merging without a checkout needs."""

    def __init__(self, found: str, needed: str) -> None:
        super().__init__(found=found, needed=needed)
        self.found, self.needed = found, needed


class GitFailed(GitError):
    """A git command ended with an unexpected code."""

    def __init__(self, command: str, code: int, detail: str) -> None:
        super().__init__(command=command, code=code, detail=detail)
        self.command, self.code, self.detail = command, code, detail


class GitTimeout(GitError):
    """A git command did not end in time and was killed."""

    def __init__(self, command: str, seconds: float) -> None:
        super().__init__(command=command, seconds=seconds)
        self.command, self.seconds = command, seconds


class NotARepository(GitError):
    """The path is not inside a usable git repository."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path=path, reason=reason)
        self.path, self.reason = path, reason


class NoCommits(GitError):
    """The repository has no commit yet, so there is nothing to branch from."""

    def __init__(self, path: Path) -> None:
        super().__init__(path=path)
        self.path = path


class BaseMissing(GitError):
    """There is no local branch of that name; the candidates begin with the likeliest."""

    def __init__(self, path: Path, base: str | None, candidates: tuple[str, ...]) -> None:
        super().__init__(path=path, base=base or "", candidates=", ".join(candidates))
        self.path, self.base, self.candidates = path, base, candidates


class RepositoryReadOnly(GitError):
    """The repository's git directory cannot be written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path=path, reason=reason)
        self.path, self.reason = path, reason


class RepositoryBusy(GitError):
    """Somebody else held the repository's lock for too long."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__(path=path, seconds=seconds)
        self.path, self.seconds = path, seconds


class BadName(GitError):
    """A branch or session name that git would refuse or misread."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.name = name


class NameTaken(GitError):
    """No free branch name or directory was found near the wanted one."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.name = name


class DiskFull(GitError):
    """There is not enough room for another checkout."""

    def __init__(self, path: Path, free: int, needed: int) -> None:
        super().__init__(path=path, free=free, needed=needed)
        self.path, self.free, self.needed = path, free, needed


class BranchMissing(GitError):
    """The branch is gone."""

    def __init__(self, branch: str) -> None:
        super().__init__(branch=branch)
        self.branch = branch


class BranchInUse(GitError):
    """The branch is checked out somewhere else."""

    def __init__(self, branch: str, path: Path) -> None:
        super().__init__(branch=branch, path=path)
        self.branch, self.path = branch, path


class WorktreeGone(GitError):
    """The worktree's directory does not exist."""

    def __init__(self, path: Path) -> None:
        super().__init__(path=path)
        self.path = path


class WorktreeMoved(GitError):
    """The directory is not the worktree it should be; git would act on `found`."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(path=path, found=found)
        self.path, self.found = path, found


class BranchChanged(GitError):
    """Another branch than the session's is checked out in its worktree."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected=expected, found=found)
        self.expected, self.found = expected, found


class OperationInProgress(GitError):
    """A rebase, merge or the like is half done in the worktree."""

    def __init__(self, path: Path, operation: str) -> None:
        super().__init__(path=path, operation=operation)
        self.path, self.operation = path, operation


class IndexLocked(GitError):
    """A lock file keeps git from writing the index; it may be left from a killed process."""

    def __init__(self, lock: Path) -> None:
        super().__init__(lock=lock)
        self.lock = lock
