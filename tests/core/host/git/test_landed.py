"""Has it landed? One history a test; what cannot be told is "no"."""

from collections.abc import Callable

import pytest

from core.host.git.errors import BaseMissing, BranchMissing
from core.host.git.landed import Evidence, State, landed
from tests.core.host.git.playground import Repo, sh

LINES = "".join(f"line {n}\n" for n in range(30))


@pytest.fixture
def start(repo: Repo) -> str:
    start = repo.commit(c_txt=LINES)
    sh(repo.root, "checkout", "-q", "-b", "work")
    return start


def edit(line: int, text: str) -> str:
    return LINES.replace(f"line {line}\n", f"{text}\n")


def work(repo: Repo) -> None:
    repo.commit(message="one", c_txt=edit(3, "first"))
    repo.commit(message="two", c_txt=edit(3, "second"), d_txt="d\n")


def on_main(repo: Repo) -> None:
    sh(repo.root, "checkout", "-q", "main")


def squash(repo: Repo) -> None:
    on_main(repo)
    sh(repo.root, "merge", "-q", "--squash", "work")
    sh(repo.root, "commit", "-qm", "squashed")


def nothing(_: Repo) -> None:
    pass


def net_zero(repo: Repo) -> None:
    repo.commit(c_txt=edit(3, "there"))
    repo.commit(c_txt=LINES)


def net_zero_after_a_sync(repo: Repo) -> None:
    on_main(repo)
    repo.commit(b_txt="main\n")
    sh(repo.root, "checkout", "-q", "work")
    net_zero(repo)
    sh(repo.root, "merge", "-q", "--no-edit", "main")


def fast_forward(repo: Repo) -> None:
    work(repo)
    on_main(repo)
    sh(repo.root, "merge", "-q", "--ff-only", "work")


def merge_commit(repo: Repo) -> None:
    work(repo)
    on_main(repo)
    sh(repo.root, "merge", "-q", "--no-ff", "--no-edit", "work")
    repo.commit(c_txt=edit(3, "later"))


def squashed(repo: Repo) -> None:
    work(repo)
    squash(repo)


def squashed_then_same_line(repo: Repo) -> None:
    squashed(repo)
    repo.commit(c_txt=edit(3, "later"))


def squashed_then_neighbour(repo: Repo) -> None:
    squashed(repo)
    repo.commit(c_txt=edit(3, "second").replace("line 4\n", "later\n"))


def squashed_after_a_parallel_edit(repo: Repo) -> None:
    work(repo)
    on_main(repo)
    repo.commit(c_txt=edit(20, "parallel"))
    squash(repo)
    repo.commit(c_txt=edit(20, "parallel").replace("line 3\n", "later\n"))


def picked(repo: Repo) -> None:
    work(repo)
    on_main(repo)
    repo.commit(b_txt="between\n")
    sh(repo.root, "cherry-pick", "work~2..work")


def picked_then_same_line(repo: Repo) -> None:
    work(repo)
    on_main(repo)
    repo.commit(b_txt="between\n")
    sh(repo.root, "cherry-pick", "work~2..work")
    repo.commit(c_txt=edit(3, "later"))


def picked_into_other_edits_then_same_line(repo: Repo) -> None:
    work(repo)
    on_main(repo)
    repo.commit(c_txt=edit(20, "parallel"))
    sh(repo.root, "cherry-pick", "work~2..work")
    repo.commit(c_txt=edit(20, "parallel").replace("line 3\n", "later\n"))


def squashed_with_more_in_it_then_same_line(repo: Repo) -> None:
    work(repo)
    on_main(repo)
    sh(repo.root, "merge", "-q", "--squash", "work")
    repo.commit(extra_txt="x\n")
    repo.commit(c_txt=edit(3, "later"))


def one_of_two_picked(repo: Repo) -> None:
    work(repo)
    on_main(repo)
    repo.commit(b_txt="between\n")
    sh(repo.root, "cherry-pick", "work~1")


def squashed_then_reverted(repo: Repo) -> None:
    squashed(repo)
    sh(repo.root, "revert", "--no-edit", "HEAD")


def squashed_then_a_new_commit(repo: Repo) -> None:
    squashed(repo)
    sh(repo.root, "checkout", "-q", "work")
    repo.commit(e_txt="more\n")


def not_landed(repo: Repo) -> None:
    work(repo)
    on_main(repo)
    repo.commit(b_txt="other\n")


def conflicting(repo: Repo) -> None:
    work(repo)
    on_main(repo)
    repo.commit(c_txt=edit(3, "other"))


def mode_only(repo: Repo) -> None:
    (repo.root / "b.txt").chmod(0o755)
    repo.commit()
    squash(repo)


def renamed_and_deleted(repo: Repo) -> None:
    sh(repo.root, "mv", "b.txt", "moved.txt")
    sh(repo.root, "rm", "-q", "a.txt")
    repo.commit()
    squash(repo)


CASES: list[tuple[Callable[[Repo], None], State]] = [
    (nothing, State.NO_CHANGE),
    (net_zero, State.NO_CHANGE),
    (net_zero_after_a_sync, State.NO_CHANGE),
    (fast_forward, State.MERGED),
    (merge_commit, State.MERGED),
    (squashed, State.RELEASED),
    (squashed_then_same_line, State.RELEASED),
    (squashed_then_neighbour, State.RELEASED),
    (squashed_after_a_parallel_edit, State.RELEASED),
    (picked, State.RELEASED),
    (picked_then_same_line, State.RELEASED),
    (picked_into_other_edits_then_same_line, State.RELEASED),
    (squashed_with_more_in_it_then_same_line, State.RELEASED),
    (mode_only, State.RELEASED),
    (renamed_and_deleted, State.RELEASED),
    (one_of_two_picked, State.CONFLICT),
    (squashed_then_reverted, State.OPEN),
    (squashed_then_a_new_commit, State.OPEN),
    (not_landed, State.OPEN),
    (conflicting, State.CONFLICT),
]


@pytest.mark.parametrize(("history", "state"), CASES, ids=lambda value: getattr(value, "__name__", ""))
async def test_a_history_has_its_answer(
    repo: Repo, start: str, history: Callable[[Repo], None], state: State
) -> None:
    history(repo)
    before = sh(repo.root, "for-each-ref"), repo.picture()
    evidence = await landed(repo.git, repo.root, base="main", branch="work", start=start)
    assert evidence.state is state, evidence
    assert evidence.landed == (state in {State.MERGED, State.RELEASED})
    assert (sh(repo.root, "for-each-ref"), repo.picture()) == before


async def test_evidence_names_the_test_and_the_commits(repo: Repo, start: str) -> None:
    squashed(repo)
    found = await landed(repo.git, repo.root, base="main", branch="work", start=start)
    assert found == Evidence(State.RELEASED, "merge", repo.sha("main"), repo.sha("work"))


async def test_a_branch_that_is_not_there_is_said_so(repo: Repo, start: str) -> None:
    with pytest.raises(BranchMissing):
        await landed(repo.git, repo.root, base="main", branch="gone", start=start)
    with pytest.raises(BaseMissing):
        await landed(repo.git, repo.root, base="gone", branch="work", start=start)
