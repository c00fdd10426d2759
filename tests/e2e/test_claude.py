"""The whole journey with the real Claude Code CLI; only its model is scripted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.model_server.script import Script, Use, say
from tests.model_server.server import ModelServer
from tests.real_agents.claude_cli import required
from tests.real_agents.stage import EXIT_PLAN, bash, plan_file, write
from tests.rig import git, stage

pytestmark = [pytest.mark.real_agent, pytest.mark.slow]

ASK = say(
    Use(
        "AskUserQuestion",
        {
            "questions": [
                {
                    "question": "Which greeting should it print?",
                    "header": "Greeting",
                    "multiSelect": False,
                    "options": [
                        {"label": "Hello", "description": "short"},
                        {"label": "Good day", "description": "polite"},
                    ],
                }
            ]
        },
    )
)
STEPS = (
    say("Let me look.", Use("Read", {"file_path": "{wt}/README.md"})),
    plan_file("# Greet\n\n1. Write `greet.py`\n"),
    EXIT_PLAN,
    plan_file("# Greet\n\n1. Write `greet.py`\n2. Test it\n"),
    EXIT_PLAN,
    ASK,
    say(write("greet.py", "print('Good day')\n")),
    say(bash("python3 greet.py")),
    say("Wrote `greet.py` and ran it."),
)


def configured(server: ModelServer, claude: str) -> str:
    """Return the table of an agent that is the real CLI on the scripted model."""
    return (
        f"[agents.demo]\ndriver = 'claude'\ncommand = [{claude!r}]\nmodel = 'claude-sonnet-4-5'\n"
        f"base_url = {server.url!r}\nkey_env = 'ANTHROPIC_API_KEY'\n"
        "[agents.demo.env]\nCLAUDE_CODE_MAX_RETRIES = '1'\n"
    )


async def test_the_real_cli_goes_from_chat_to_merged_branch(tmp_path: Path) -> None:
    claude, node = required()
    script = Script(*STEPS, capture={"wt": r"(/[^\s\"'\\]+/worktrees/tally/[\w.-]+)"})
    server = ModelServer(script)
    server.start()
    environ = {"ANTHROPIC_API_KEY": "sk-ant-scripted", "PATH": f"{node}:/usr/local/bin:/usr/bin:/bin"}
    try:
        async with stage(tmp_path, agent=configured(server, claude), environ=environ) as play:
            await play.chat.say("greet: write a greeting")
            first = await play.see("[greet] Plan v1", button="Approve")
            await first.press("Revise")
            ask = await play.see("What should change")
            await play.chat.say("Please test it")
            second = await play.see("[greet] Plan v2", button="Approve", after=ask)
            assert "Test it" in second.text
            assert "Please test it" in server.turns[3].last
            await second.press("Approve")
            question = await play.see("Which greeting", button="Good day")
            await question.press("Good day")
            permission = await play.see("Permission needed", button="Allow")
            assert "python3 greet.py" in permission.text
            await permission.press("Allow")
            done = await play.see("✅ [greet] Completed")
            assert "1 file" in done.text
            assert "Wrote greet.py and ran it." in done.text
            await (await play.see("🔀 [greet]", button="Merge")).press("Merge")
            await play.see("✅ [greet] Merged")
            assert git(play.repo, "show", "main:greet.py") == "print('Good day')"
            assert git(play.repo, "status", "--porcelain") == ""
            assert script.overrun == 0
            log = await play.leadhand.stop()
            assert "sk-ant-scripted" not in log
    finally:
        server.close()
