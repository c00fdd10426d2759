"""What may not stand in any file: leftovers, places of one machine, addresses of registries."""

from __future__ import annotations

import re
from pathlib import Path

from tests.house.tree import ROOT, files

LEFTOVERS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b|raise NotImplemented" r"Error|unittest[.]" r"mock")
PLACES = re.compile(
    r"/(?:work|root)/"
    r"|/home/(?!you/|ada/|leadhand/)\w{2}"
    r"|(?:pypi|registry|files|deb)[.](?:org|npmjs|pythonhosted|debian)[./]"
    r'|"resolved": "http'
)
MAY_NAME_LEFTOVERS = {"pyproject.toml"}  # it forbids them


def found(pattern: re.Pattern[str], spared: set[str]) -> list[str]:
    hits = []
    for file in files():
        if str(file) in spared:
            continue
        text = (ROOT / file).read_bytes().decode("utf-8", "replace")
        hits += [f"{file}: {match[0]}" for match in pattern.finditer(text)]
    return hits


def test_no_file_holds_leftovers() -> None:
    assert not found(LEFTOVERS, MAY_NAME_LEFTOVERS)


def test_no_file_names_a_machine_or_a_registry() -> None:
    assert not found(PLACES, {str(Path(__file__).resolve().relative_to(ROOT))})


def test_locked_requirements_carry_hashes_and_agree() -> None:
    locks = {}
    for name in ("dev", "runtime", "build"):
        text = (ROOT / f"requirements/{name}.txt").read_text("utf-8")
        locks[name] = dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))
        assert text.count("--hash=sha256:") >= len(locks[name]) > 0
    for name in ("runtime", "build"):
        assert locks[name].items() <= locks["dev"].items(), name
