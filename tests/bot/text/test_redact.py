"""No secret reaches a log, a chat or a document."""

import base64
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from telegram import Bot

from bot.text.markdown import render
from bot.text.redact import REDACTED, RedactingFilter, Redactor, secrets_of
from bot.text.rich import bold, plain

TOKEN = "123456789:AAE-x_yzABCDEFGHIJKLMNOPQRSTUVWXYZ0"
PASSPHRASE = "correct horse/battery+staple"

SHAPES = {
    "telegram": TOKEN,
    "telegram in a url": TOKEN.replace(":", "%3A"),
    "aws id": "AKIAIOSFODNN7EXAMPLE",
    "github": "ghp_" + "a1B2" * 9,
    "github fine": "github_pat_" + "11AAAA_" * 5,
    "gitlab": "glpat-" + "x1Y2" * 5,
    "openai": "sk-proj-" + "a1B2" * 8,
    "anthropic": "sk-ant-api03-" + "a1-B2_" * 10,
    "slack": "xoxb-1234567890-abcdef",
    "google": "AIza" + "a1-B_" * 7,
    "npm": "npm_" + "a1B2" * 9,
    "stripe": "sk_live_" + "a1B2" * 6,
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
}


@pytest.mark.parametrize("secret", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("frame", ["{}", "key={} and more", 'x "{}",', "https://api.example/{}/x", "\n{}\n"])
def test_what_looks_like_a_secret_is_redacted(secret: str, frame: str) -> None:
    redacted = Redactor().text(frame.replace("{}", secret))
    assert secret not in redacted
    assert redacted == frame.replace("{}", REDACTED)


def test_only_the_secret_part_goes() -> None:
    redact = Redactor().text
    assert redact("postgres://ann:hunter2@db/x") == f"postgres://ann:{REDACTED}@db/x"
    assert redact("Authorization: Bearer abcdefghijklmnop123=") == f"Authorization: Bearer {REDACTED}"
    assert redact('"Authorization": "Basic YWxhZGRpbjpvcGVu"') == f'"Authorization": "Basic {REDACTED}"'
    assert redact("aws_secret_access_key = " + "aB3/" * 10) == f"aws_secret_access_key = {REDACTED}"
    block = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nxx\n-----END RSA PRIVATE KEY-----"
    assert redact(f"a\n{block}\nb") == f"a\n{REDACTED}\nb"
    assert redact("-----BEGIN OPENSSH PRIVATE KEY-----\ncut off") == REDACTED


@pytest.mark.parametrize(
    "text",
    [
        "see https://example.org:8080/a@b and mail a@b.c",
        "task-runner-sk-cube-grid-animation-delay-loading",
        "at 12:30, 123456:12, sha 0123456789abcdef0123456789abcdef01234567",
        "the bearer of this note",
        "ghp_short and sk-short and eyJ.x.y",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert Redactor([TOKEN, PASSPHRASE]).text(text) == text


def test_known_values_are_found_in_every_encoding() -> None:
    redact = Redactor([PASSPHRASE]).text
    forms = [PASSPHRASE, quote(PASSPHRASE, safe=""), quote(PASSPHRASE), json.dumps(PASSPHRASE)]
    for form in forms:
        assert redact(f"a {form} b").replace('"', "") == f"a {REDACTED} b"
    for prefix in ("", "u", "us", "user:"):
        encoded = base64.b64encode(f"{prefix}{PASSPHRASE} and more".encode()).decode()
        assert REDACTED in redact(encoded)
        assert encoded[6:20] not in redact(encoded)


def test_short_values_do_not_black_out_words() -> None:
    assert Redactor(["key", "", "a"]).text("a key") == "a key"


def test_an_invisible_character_or_markup_hides_nothing() -> None:
    redactor = Redactor([TOKEN])
    assert redactor.outgoing(TOKEN[:12] + "\u200b" + TOKEN[12:]) == REDACTED
    rich = redactor.rich(render(f"see {TOKEN[:14]}**{TOKEN[14:]}** ok"))
    assert rich.text == f"see {REDACTED} ok"
    assert redactor.rich(plain("a ") + bold("b")) == plain("a ") + bold("b")


def test_secrets_are_picked_by_the_name_of_their_variable(tmp_path: Path) -> None:
    environment = {
        "LEADHAND_TELEGRAM_TOKEN": "t-1",
        "ANTHROPIC_API_KEY": "k-1",
        "DB_PASSWORD": "/p-1",
        "KEYBOARD": "us",
        "SSH_KEY": str(tmp_path),
        "HOME": "/root",
    }
    assert secrets_of(environment) == ["t-1", "k-1", "/p-1"]


@pytest.fixture
def log_file(tmp_path: Path) -> Path:
    """A file to which everything is logged through the filter."""
    return tmp_path / "log"


@pytest.fixture
def logger(log_file: Path) -> Iterator[logging.Logger]:
    handler = logging.FileHandler(log_file)
    handler.addFilter(RedactingFilter(Redactor([TOKEN])))
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("leadhand-test")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)
    handler.close()


def read(log_file: Path) -> str:
    written = log_file.read_text()
    assert TOKEN not in written
    assert TOKEN.partition(":")[2] not in written
    assert REDACTED in written
    return written


def test_messages_arguments_and_extras_are_redacted(logger: logging.Logger, log_file: Path) -> None:
    logger.info(TOKEN)
    logger.info("%s and %r", TOKEN, {"token": TOKEN})
    logger.info("wrong %d %s", *[TOKEN])
    logger.info("x", extra={"session": TOKEN}, stack_info=True)
    assert read(log_file).count(REDACTED) >= 4


def test_a_traceback_is_redacted(logger: logging.Logger, log_file: Path) -> None:
    try:
        try:
            raise ValueError(f"cannot reach /bot{TOKEN}/getMe")
        except ValueError as error:
            raise RuntimeError(TOKEN) from error
    except RuntimeError:
        logger.exception("failed with %s", TOKEN)
    written = read(log_file)
    assert "Traceback" in written
    assert "RuntimeError" in written


async def test_a_url_logged_by_httpx_is_redacted(log_file: Path, logger: logging.Logger) -> None:
    ours = logging.getLogger("httpx")
    level, handler = ours.level, logger.handlers[0]
    ours.addHandler(handler)
    ours.setLevel(logging.DEBUG)
    try:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, json={}))
        async with httpx.AsyncClient(transport=transport) as client:
            await client.get(f"https://api.telegram.org/bot{TOKEN}/getMe")
    finally:
        ours.removeHandler(handler)
        ours.setLevel(level)
    assert f"/bot{REDACTED}/getMe" in read(log_file)


def test_the_repr_of_a_bot_is_redacted(logger: logging.Logger, log_file: Path) -> None:
    bot = Bot(TOKEN)
    assert TOKEN in repr(bot)
    logger.info("starting %r", bot)
    logger.info("starting %s", {"bot": bot})
    read(log_file)


def test_redaction_of_100_kilobytes_is_fast() -> None:
    redactor = Redactor([TOKEN, PASSPHRASE, *(f"secret-value-{n}" for n in range(20))])
    for piece in (
        "prose: about https://a.b/c 12:30\n",
        "0123456789",
        "://",
        "sk-",
        "eyJ",
        "eyJaaaaaaaaa.",
        "a:b@",
        "gh",
    ):
        text = piece * (100_000 // len(piece))
        start = time.perf_counter()
        redactor.text(text)
        assert time.perf_counter() - start < 0.25
