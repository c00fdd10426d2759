"""Cleans text that other programs wrote. What leaves here has no invisible or direction-changing character,
no terminal escape and no half surrogate, so what a person sees is what the message holds.
"""

import re

CANONICAL = "✅📋👍❓🔀❌⛔💤⏰🚀"
MARK = "› "

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[PX^_][^\x1b\n]*\x1b\\|[ -/]*[0-~])"
)
_BREAKS = re.compile(r"\r\n?|[\u2028\u2029]")
_EMOJI = "\u00a9\u00ae\u203c-\u3299\ufe0f\U0001f000-\U0001faff"
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1 but tab and line feed
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"  # zero width and direction
    "\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb"  # fillers, variation selectors, byte order mark
    "\ud800-\udfff"  # half surrogates cannot be encoded
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"  # invisible music signs and tag characters
    # A joiner stays where it has work to do: between two emoji, or inside a word of a joining script.
    f"|(?<![{_EMOJI}\u0600-\u0dff])[\u200c\u200d]|[\u200c\u200d](?![{_EMOJI}\u0600-\u0dff])"
)
_IMITATION = re.compile(
    rf"^(?=[^\S\n]*[{CANONICAL}][\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*[^\S\n]*[\[［])", re.MULTILINE
)
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """Drop what a reader cannot see or a message cannot carry; line ends become line feeds."""
    if text.isascii() and text.isprintable():
        return text
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    return _UNSAFE.sub("", _BREAKS.sub("\n", text))


def imitations(text: str) -> list[int]:
    """Find where lines begin the way the bot's own canonical lines do."""
    return [match.start() for match in _IMITATION.finditer(text)]


def defang(text: str) -> str:
    """Put a visible mark before each line that imitates one of the bot's own."""
    return _IMITATION.sub(MARK, text)


def inline(text: str, limit: int = 200) -> str:
    """Make other people's text fit into one of our lines: clean, one line, not a canonical line, bounded."""
    line = defang(_SPACES.sub(" ", clean(text)).strip())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
