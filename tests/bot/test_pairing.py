"""A code is spent once, dies in time, and cannot be guessed or read from its file."""

from __future__ import annotations

import json
import multiprocessing
import stat
from pathlib import Path

import pytest

from bot.pairing import ALPHABET, FILE, LIFE_MS, TRIES, Outcome, new_code, redeem
from core.model import Millis


def test_a_code_is_readable_and_unambiguous(tmp_path: Path) -> None:
    for _ in range(20):
        left, right = new_code(tmp_path).split("-")
        assert len(left) == len(right) == 4
        assert set(left + right) <= set(ALPHABET)
    assert not set("01ILO") & set(ALPHABET)


@pytest.mark.parametrize("form", [str.lower, str.upper, lambda c: c.replace("-", ""), lambda c: f" {c} "])
def test_a_code_works_however_it_is_typed(tmp_path: Path, form: object) -> None:
    code = new_code(tmp_path)
    assert callable(form)
    assert redeem(tmp_path, form(code)) == "ok"


def test_a_code_works_once(tmp_path: Path) -> None:
    code = new_code(tmp_path)
    assert redeem(tmp_path, code) == "ok"
    assert redeem(tmp_path, code) == "none"


def test_without_a_code_there_is_none_and_nothing_is_made(tmp_path: Path) -> None:
    assert redeem(tmp_path, "K7QF-3MZD") == "none"
    assert not (tmp_path / FILE).exists()


def test_a_code_dies_after_five_wrong_tries(tmp_path: Path) -> None:
    code = new_code(tmp_path)
    assert [redeem(tmp_path, "WRNG-CODE") for _ in range(TRIES)] == ["wrong"] * TRIES
    assert redeem(tmp_path, code) == "locked"
    assert redeem(tmp_path, new_code(tmp_path)) == "ok"


def test_a_code_dies_after_ten_minutes(tmp_path: Path) -> None:
    code = new_code(tmp_path, now=lambda: Millis(0))
    assert redeem(tmp_path, code, now=lambda: Millis(LIFE_MS)) == "expired"
    assert redeem(tmp_path, code, now=lambda: Millis(0)) == "none"
    code = new_code(tmp_path, now=lambda: Millis(0))
    assert redeem(tmp_path, code, now=lambda: Millis(LIFE_MS - 1)) == "ok"


def test_a_new_code_ends_the_old_one(tmp_path: Path) -> None:
    old, new = new_code(tmp_path), new_code(tmp_path)
    assert redeem(tmp_path, old) == "wrong"
    assert redeem(tmp_path, new) == "ok"


def test_the_file_is_private_and_holds_no_code(tmp_path: Path) -> None:
    code = new_code(tmp_path)
    file = tmp_path / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert code not in file.read_text()
    assert code.replace("-", "") not in file.read_text()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"salt": "zz"}', json.dumps({"salt": "00", "x": 1})])
def test_a_broken_file_holds_no_code(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    assert redeem(tmp_path, "K7QF-3MZD") == "none"


def test_a_link_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("precious")
    (tmp_path / FILE).symlink_to(other)
    with pytest.raises(OSError, match=FILE):
        new_code(tmp_path)
    assert other.read_text() == "precious"


def _race(args: tuple[str, str]) -> Outcome:
    return redeem(Path(args[0]), args[1])


def test_of_many_processes_one_spends_the_code(tmp_path: Path) -> None:
    code = new_code(tmp_path)
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        outcomes = pool.map(_race, [(str(tmp_path), code)] * 16, chunksize=1)
    assert sorted(outcomes) == ["none"] * 15 + ["ok"]


def test_of_many_processes_none_gets_a_sixth_try(tmp_path: Path) -> None:
    new_code(tmp_path)
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        outcomes = pool.map(_race, [(str(tmp_path), "WRNG-CODE")] * 16, chunksize=1)
    assert sorted(outcomes) == ["locked"] * 11 + ["wrong"] * 5
