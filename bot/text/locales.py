"""Where the texts are."""

from pathlib import Path

SOURCE = "en"


def locales_folder() -> Path:
    """The folder of texts: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "locales"
    return inside if inside.is_dir() else package.parent / "locales"
