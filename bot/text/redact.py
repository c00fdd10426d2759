"""Takes secrets out of everything that leaves the program: messages, documents and logs.
Known values are found in any encoding they travel in, unknown ones by their shape.
"""

import logging
import os
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, quote_plus

from bot.text.rich import Rich, splice
from bot.text.safe import clean

REDACTED: Final = "[redacted]"
SHORTEST: Final = 8  # a shorter "secret" would black out ordinary words

_NAMED = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|PRIVATE|(?:^|_)KEY(?:$|_)|APIKEY", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A pattern, and words without one of which it need not be tried. Group 1, if any, is the secret."""

    needles: tuple[str, ...]
    pattern: re.Pattern[str]


def _shape(needles: str, pattern: str) -> _Shape:
    return _Shape(tuple(needles.split()), re.compile(pattern, re.ASCII))


_SHAPES: Final = (
    _shape(": %3", r"\d{6,12}(?::|%3[Aa])[\w-]{30,}"),  # Telegram bot token
    _shape("AKIA ASIA", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),  # AWS
    _shape("aws_secret AWS_SECRET", r"(?i:aws_secret_access_key)\W{1,5}([A-Za-z0-9/+]{40})"),
    _shape("ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{30,}"),  # GitHub
    _shape("github_pat_", r"github_pat_\w{20,}"),
    _shape("glpat-", r"glpat-[\w-]{20,}"),  # GitLab
    _shape("sk-", r"(?<![\w-])sk-(?=[\w-]{0,60}\d)[\w-]{20,}"),  # OpenAI, Anthropic
    _shape("k_live_", r"\b[rs]k_live_\w{16,}"),  # Stripe
    _shape("xox xapp", r"\b(?:xox[a-z]|xapp)-[\w-]{10,}"),  # Slack
    _shape("AIza", r"AIza[\w-]{35}"),  # Google
    _shape("npm_", r"npm_[A-Za-z0-9]{36}"),
    _shape("eyJ", r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),  # JSON web token
    _shape("earer EARER", r"(?i:bearer)\s+([\w.~+/-]{16,}=*)"),
    _shape("asic ASIC", r"(?i:authorization\W{1,6}basic)\s+([\w+/-]{8,}=*)"),
    _shape("://", r"://[^\s/:@]{0,128}:([^\s/@]{1,256})@"),  # user:password@host
    _shape("PRIVATE", r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}-----|\Z)"),
)


def secrets_of(environment: Mapping[str, str]) -> list[str]:
    """The values of variables whose names say that they are secret; paths of files are not."""
    named = (value for name, value in environment.items() if _NAMED.search(name))
    return [value for value in named if not (value.startswith("/") and os.path.exists(value))]  # noqa: PTH110


class Redactor:
    """Replaces the secrets it was given, and whatever looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret.strip())}
        self._known = sorted(forms, key=len, reverse=True)

    def __repr__(self) -> str:
        return f"Redactor({len(self._known)} forms)"

    def text(self, text: str) -> str:
        """The text without secrets."""
        pieces: list[str] = []
        at = 0
        for start, end in self._spans(text):
            pieces += (text[at:start], REDACTED)
            at = end
        return "".join((*pieces, text[at:])) if pieces else text

    def outgoing(self, text: str) -> str:
        """Other people's text, cleaned first so that an invisible character cannot hide a secret."""
        return self.text(clean(text))

    def rich(self, rich: Rich) -> Rich:
        """A last look at a rendered text: markup may have stood inside a secret."""
        return splice(rich, [(start, end, REDACTED) for start, end in self._spans(rich.text)])

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Where secrets stand: ascending and apart."""
        found = sorted((*self._literal(text), *_shaped(text)))
        merged: list[tuple[int, int]] = []
        for start, end in found:
            if merged and start < merged[-1][1]:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            else:
                merged.append((start, end))
        return merged

    def _literal(self, text: str) -> Iterator[tuple[int, int]]:
        for form in self._known:
            at = text.find(form)
            while at >= 0:
                yield at, at + len(form)
                at = text.find(form, at + len(form))


class RedactingFilter(logging.Filter):
    """Put on every handler: nothing a record carries keeps a secret."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact in place; the record is always kept."""
        record.msg, record.args = self._redactor.text(_message(record)), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.exc_info = None
        for name, value in vars(record).items():
            if isinstance(value, str):
                setattr(record, name, self._redactor.text(value))
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # logging itself would print the arguments to stderr
        return f"{record.msg} (with {record.args!r})"


def _shaped(text: str) -> Iterator[tuple[int, int]]:
    for shape in _SHAPES:
        if any(needle in text for needle in shape.needles):
            group = 1 if shape.pattern.groups else 0
            for match in shape.pattern.finditer(text):
                yield match.span(group)


def _forms(secret: str) -> Iterator[str]:
    """A secret as it is, in URLs, in JSON and Python literals, and in base64 at each alignment."""
    if len(secret) < SHORTEST:
        return
    yield from (secret, quote(secret, safe=""), quote(secret), quote_plus(secret), repr(secret)[1:-1])
    yield secret.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    for shift in range(3):
        padded = b"\0" * shift + secret.encode("utf-8", "surrogateescape")
        # The characters at both ends also depend on the neighbours, so they are left out.
        first = (shift * 8 + 5) // 6
        last = len(padded) * 8 // 6
        for encoded in (b64encode(padded), urlsafe_b64encode(padded)):
            yield encoded[first:last].decode()
