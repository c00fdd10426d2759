"""Every part of a message that a person sees has passed the redactor; what the bot itself reads stays."""

from __future__ import annotations

from pathlib import Path

from bot.cards.render import render
from bot.message import Button, Message
from bot.secrecy import redact_message, redact_notice, redactor_of
from bot.text.catalog import Texts
from bot.text.redact import REDACTED, Redactor
from bot.text.rich import Rich, bold
from core.config import load
from core.model import ChatId, Notice
from core.states import NoticeKind, Priority

SECRET = "correct-horse-battery"
REDACTOR = Redactor([SECRET])
DECISION = "0123456789abcdefghijkl"


def plan(text: str) -> Notice:
    data = {
        "name": "leak",
        "version": 1,
        "plan": text,
        "decision": DECISION,
        "grants": "edits",
        "early": False,
    }
    return Notice(
        1, "plan:1:1", ChatId(5), None, None, NoticeKind.PLAN, data, Priority.ESSENTIAL, 1, 0, "pending"
    )


def test_pages_buttons_placeholder_and_document_are_redacted() -> None:
    message = Message(
        (Rich(f"a {SECRET} b"), bold(SECRET)),
        ((Button(SECRET, "v1:x:y"),),),
        document=(f"{SECRET}.md", f"x {SECRET} y 字".encode()),
        force_reply=f"say {SECRET}",
    )
    shown = redact_message(message, REDACTOR)
    assert SECRET not in repr(shown)
    assert shown.document == (f"{REDACTED}.md", f"x {REDACTED} y 字".encode())
    assert shown.buttons[0][0].data == "v1:x:y"


def test_a_secret_at_the_end_of_a_page_is_not_cut_into_two_halves() -> None:
    words = Texts().words("en")
    for before in range(3900, 4096, 5):
        message = render(redact_notice(plan("x" * before + SECRET + "y" * 200), REDACTOR), words)
        assert message is not None
        shown = "".join(page.text for page in redact_message(message, REDACTOR).pages)
        assert "horse" not in shown
        assert message.buttons[0][0].data == f"v1:{DECISION}:approve"


def test_the_document_of_a_long_plan_holds_no_secret_and_can_always_be_encoded() -> None:
    text = f"half a character \ud800 and {SECRET}\n\n" + "word " * 4000
    message = render(redact_notice(plan(text), REDACTOR), Texts().words("en"))
    assert message is not None
    assert message.document is not None
    assert SECRET.encode() not in message.document[1]


def test_the_redactor_knows_the_token_the_environment_and_the_tables_of_agents(tmp_path: Path) -> None:
    (tmp_path / "leadhand.toml").write_text(
        "[telegram]\ntoken = 'a-token-of-no-known-shape'\n"
        "[agents.own]\ndriver = 'claude'\ncommand = 'own'\nkey_env = 'OWN'\n"
        "[agents.own.env]\nOWN_PASSWORD = 'swordfish-9'\n"
    )
    environ = {"LEADHAND_HOME": str(tmp_path), "OWN": "value of the key", "DB_SECRET": "hush-hush-hush"}
    redactor = redactor_of(load(environ), environ)
    for secret in ("a-token-of-no-known-shape", "swordfish-9", "value of the key", "hush-hush-hush"):
        assert redactor.text(f"<{secret}>") == f"<{REDACTED}>"
