"""The Dockerfile names only files that exist and that .dockerignore lets in. It is not built here."""

from __future__ import annotations

import re

from tests.house.tree import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def copied() -> list[str]:
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    return [name for line in lines for name in line.split()[:-1]]


def test_everything_copied_exists_and_is_let_in() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[0] == "!"}
    assert copied()
    assert [name for name in copied() if not (ROOT / name).exists()] == []
    assert [name for name in copied() if name.split("/")[0] not in let_in] == []


def test_packages_come_with_hashes_and_the_user_is_not_root() -> None:
    installs = re.findall(r"pip install .*", DOCKERFILE)
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)
    assert DOCKERFILE.index("USER leadhand") < DOCKERFILE.index("ENTRYPOINT")
