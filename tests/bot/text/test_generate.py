"""The typed keys are what the English texts say."""

from pathlib import Path

import pytest

from bot.text.generate import KEYS, generated
from bot.text.locales import locales_folder


def test_the_generated_keys_are_not_stale() -> None:
    wanted = generated(locales_folder())
    present = {path.name: path.read_text(encoding="utf-8") for path in KEYS.glob("*.py")}
    assert present == wanted, "run `make texts`"


def english(tmp_path: Path, text: str) -> Path:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "cards.ftl").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_text_becomes_a_method_with_its_values(tmp_path: Path) -> None:
    text = "card-title = { $name } has { $n ->\n [one] one\n *[other] { $n }\n }\n    .hint = Press\n"
    module = generated(english(tmp_path, text))["cards.py"]
    assert "class CardsKeys(Speaker):" in module
    assert "def card_title(self, *, name: Value, n: float) -> str:" in module
    assert 'return self.get("card-title", name=name, n=n)' in module
    assert 'return self.get("card-title.hint")' in module


@pytest.mark.parametrize("text", ["a-b = x\na = y\n    .b = z\n", "get = x\n", "broken\n", "import = x\n"])
def test_a_text_that_cannot_be_a_method_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SystemExit):
        generated(english(tmp_path, text))
