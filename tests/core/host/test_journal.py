"""The journal loses nothing it wrote, and forgets a line that was torn."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import events
from core.host.journal import Journal
from core.model import SessionId

SESSION = SessionId(7)


def fresh(path: Path) -> Journal:
    return Journal(path, SESSION)


def test_everything_is_there_after_opening_again(tmp_path: Path) -> None:
    path = tmp_path / "7.jsonl"
    journal = fresh(path)
    journal.launched(1, {"agent": "claude"})
    journal.append([events.TurnStarted(), events.Message("hi 🚀")], 120)
    journal.done("launch:7:1")
    journal.ack(1)
    journal.expect_end()
    journal.close()
    again = fresh(path)
    assert (again.seq, again.acked, again.offset, again.epoch) == (2, 1, 120, 1)
    assert [r.event for r in again.unconfirmed()] == [events.Message("hi 🚀")]
    assert again.is_done("launch:7:1")
    assert not again.is_done("launch:7:2")
    assert again.expected_end
    assert not again.ended
    again.close()


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_last_line_is_cut_off_and_the_numbers_go_on_without_a_gap(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "7.jsonl"
    journal = fresh(path)
    journal.launched(1, {})
    journal.append([events.TurnStarted()], 10)
    journal.append([events.Message("a"), events.Message("b")], 20)
    journal.close()
    path.write_bytes(path.read_bytes()[:-cut])
    again = fresh(path)
    assert (again.seq, again.offset) == (1, 10)
    assert again.append([events.Message("c")], 30)[0].seq == 2
    again.close()
    once_more = fresh(path)
    assert once_more.seq == 2
    once_more.close()


def test_the_end_of_the_process_is_part_of_its_record(tmp_path: Path) -> None:
    journal = fresh(tmp_path / "7.jsonl")
    journal.launched(1, {})
    journal.append([events.SessionEnded(0, None, expected=True)], 10)
    journal.close()
    again = fresh(tmp_path / "7.jsonl")
    ended = [again.ended]
    again.launched(2, {})
    assert [*ended, again.ended] == [True, False]
    again.close()


def test_a_long_journal_is_compacted_and_means_the_same(tmp_path: Path) -> None:
    path = tmp_path / "7.jsonl"
    journal = fresh(path)
    journal.launched(3, {"agent": "claude"})
    journal.done("launch:7:3")
    for n in range(1200):
        journal.append([events.Message("x" * 1000)], n)
    journal.ack(journal.seq)
    assert path.stat().st_size < 10_000
    journal.append([events.Message("last")], 5000)
    journal.close()
    again = fresh(path)
    assert (again.seq, again.acked, again.offset, again.epoch) == (1201, 1200, 5000, 3)
    assert again.launch == {"agent": "claude"}
    assert again.is_done("launch:7:3")
    assert [r.event for r in again.unconfirmed()] == [events.Message("last")]
    again.close()


def test_compacting_forgets_nothing_that_decides_what_comes_next(tmp_path: Path) -> None:
    path = tmp_path / "7.jsonl"
    journal = fresh(path)
    journal.launched(1, {})
    journal.append([events.ProcessStarted("s7-1", 5), events.TurnStarted()], 10)
    for n in range(1200):
        journal.append([events.Message("x" * 1000)], n)
    while journal.waiting:
        journal.ack(journal.unconfirmed()[-1].seq)
    journal.close()
    assert path.stat().st_size < 10_000
    again = fresh(path)
    assert (again.started, again.in_turn, again.talked, again.ended) == (True, True, True, False)
    again.close()


def test_a_journal_that_was_put_aside_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "7.jsonl"
    journal = fresh(path)
    journal.launched(1, {"agent": "claude"})
    journal.append([events.SessionEnded(0, None, expected=True)], 10)
    journal.done("launch:7:1")
    journal.ack(1)
    journal.settle()
    assert not path.exists()
    again = fresh(path)
    assert (again.seq, again.acked, again.epoch, again.ended) == (1, 1, 1, True)
    assert again.is_done("launch:7:1")
    assert path.exists()
    again.close()


def test_one_batch_is_not_longer_than_a_transaction_should_be(tmp_path: Path) -> None:
    journal = fresh(tmp_path / "7.jsonl")
    journal.launched(1, {})
    journal.append([events.TurnStarted()] * 1000, 10)
    assert len(journal.unconfirmed()) < 1000
    assert journal.waiting == 1000
    journal.close()
