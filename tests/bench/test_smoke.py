"""The measurements run and say something; how fast it is, `make bench` tells."""

from __future__ import annotations

import pytest

from bench import __main__ as bench
from bench.result import Goal, Result


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_every_measurement_runs_once_and_prints_its_baseline(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADHAND_BENCH_REPEATS", "1")
    bench.main(["launch", "events", "memory", "keeper", "startup"])
    printed = capsys.readouterr().out
    for name in ("agent runs, Telegram idle", "question, permission →", "RSS", "keeper: spawn", "lh --help"):
        assert name in printed
    assert "git worktree add" in printed


def test_an_unknown_name_is_refused() -> None:
    assert bench.main(["nothing"]) == 2


def test_a_ratio_above_its_limit_fails_and_a_missed_goal_is_only_told() -> None:
    slow = Result("a", 50.0, 10.0, "ms", "b", limit=4.0, goal=Goal("beyond", 30.0))
    assert not slow.passed
    assert "MISSED" in slow.told()
    assert "FAILED" in bench.line(slow)
    fine = Result("a", 50.0, 10.0, "ms", "b", limit=6.0, goal=Goal("beyond", 45.0))
    assert fine.passed
    assert "reached" in fine.told()
