"""A home and a repository for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.demo.repository import create


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return home


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    create(tmp_path / "tally")
    return tmp_path / "tally"
