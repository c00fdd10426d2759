"""The demo agent at work: reads, proposes a plan, asks one question, edits two files, runs the tests.

Everything it reports happened: the edits are real, the test verdict is what the tests said.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from core.demo import words
from core.demo.formats import BY_NAME, CODE_FILE, TEST_FILE, Format, chosen, missing, with_code, with_test
from core.demo.memory import Memory
from core.demo.wire import Interrupted, Wire

ACCEPT_EDITS = {"type": "setMode", "mode": "acceptEdits", "destination": "session"}
FREE = {"acceptEdits", "bypassPermissions"}  # modes in which nobody is asked before an edit
TESTS = "python -m unittest"
TEST_SECONDS = 60


class Refused(Exception):
    """A tool was not allowed; the turn ends with that."""


class Play:
    """One conversation being acted."""

    def __init__(self, wire: Wire, memory: Memory) -> None:
        self._wire = wire
        self._memory = memory
        self._remarks: list[str] = []

    def turn(self, text: str) -> str:
        """Act on one prompt and return the final words."""
        memory = self._memory
        self._remarks = []
        if memory.phase == "new" or (memory.phase == "done" and self._wire.mode == "plan"):
            memory.task, memory.version, memory.feedback, memory.choice = text, 0, [], ""
            memory.phase = "planning" if self._wire.mode == "plan" else "working"
        elif memory.phase == "planning":
            if self._wire.mode == "plan":
                memory.feedback.append(words.said(text))
            else:
                memory.phase = "working"  # approved while nobody was here to hear it
        memory.save()
        if not Path(CODE_FILE).exists():
            return f"There is no `{CODE_FILE}` here: the demo agent only works in the demo repository."
        return self._work(text)

    def _work(self, text: str) -> str:
        memory = self._memory
        try:
            if memory.phase == "done":
                return self._follow_up(text)
            if memory.phase == "planning":
                self._plan()
            final = self._implement()
        except Refused as refusal:
            memory.phase = "done"
            final = f"I stopped: {refusal}"
        memory.phase = "done"
        memory.save()
        return final

    # ---- planning -------------------------------------------------------------------------------------

    def _plan(self) -> None:
        """Propose plans until one is approved."""
        memory = self._memory
        if memory.version == 0:
            self._wire.say(f"I'll look at the code first: {words.headline(memory.task)}")
            for file in ("README.md", CODE_FILE, TEST_FILE):
                self._read(file)
        while True:
            memory.version += 1
            memory.save()
            answer = self._propose()
            if answer["behavior"] == "allow":
                break
            if answer.get("interrupt"):
                raise Interrupted
            memory.feedback.append(words.said(str(answer.get("message", ""))))
            self._wire.say("I'll change the plan.")
        memory.phase = "working"
        memory.save()

    def _propose(self) -> dict[str, Any]:
        """Write the plan file, submit it, and take the answer."""
        memory, wire = self._memory, self._wire
        text = words.plan(memory.task, memory.version, memory.feedback, self._offered())
        wire.pause(1.2)
        memory.plan_file.parent.mkdir(parents=True, exist_ok=True)
        memory.plan_file.write_text(text, "utf-8")
        given = {"plan": text, "planFilePath": str(memory.plan_file)}
        call = wire.use("ExitPlanMode", given)
        answer = wire.ask("ExitPlanMode", given, call)
        if answer["behavior"] == "allow":
            wire.switch(_mode_after(answer) or "default")
            wire.came_back(call, "The plan is approved.")
        else:
            wire.came_back(call, str(answer.get("message", "")), ok=False)
            if str(answer.get("message", "")).startswith("Tool permission request failed"):
                raise Refused("nobody can answer the plan any more.")
        return answer

    # ---- implementing -----------------------------------------------------------------------------------

    def _implement(self) -> str:
        wanted = self._choose()
        if wanted is None:
            return "Every format this demo knows is there already: nothing to do."
        code, tests = Path(CODE_FILE).read_text("utf-8"), Path(TEST_FILE).read_text("utf-8")
        self._wire.say(f"{wanted.label} it is. I'll make the change.")
        files = [CODE_FILE, TEST_FILE]
        self._edit(CODE_FILE, code, with_code(code, wanted))
        self._hear()
        self._edit(TEST_FILE, tests, with_test(tests, wanted))
        if words.wants_readme([*self._memory.feedback, *self._remarks]):
            readme = Path("README.md").read_text("utf-8")
            note = f"\n`--format {wanted.name}` prints {wanted.about}.\n"
            self._edit("README.md", readme, readme + note)
            files.append("README.md")
        self._hear()
        verdict = self._test()
        self._hear()
        return words.result(wanted, files, verdict, self._remarks)

    def _offered(self) -> list[Format]:
        return missing(Path(CODE_FILE).read_text("utf-8"))[:3]

    def _choose(self) -> Format | None:
        """Ask the one question, unless it was answered before; None where there is nothing to choose."""
        if self._memory.choice:
            return BY_NAME[self._memory.choice]
        offered = self._offered()
        if not offered:
            return None
        given = words.question(offered)
        call = self._wire.use("AskUserQuestion", given)
        answer = self._wire.ask("AskUserQuestion", given, call)
        if answer["behavior"] != "allow":
            self._wire.came_back(call, str(answer.get("message", "")), ok=False)
            raise Refused("the question was not answered.")
        said = str(answer.get("updatedInput", {}).get("answers", {}).get(words.QUESTION, ""))
        self._wire.came_back(call, f"The user answered: {said}")
        wanted = chosen(said, offered)
        self._memory.choice = wanted.name
        self._memory.save()
        return wanted

    def _follow_up(self, text: str) -> str:
        """Do the small second task: keep what was asked as a note."""
        self._read("README.md")
        readme = Path("README.md").read_text("utf-8")
        head = "" if "## Notes" in readme else "\n## Notes\n\n"
        self._edit("README.md", readme, f"{readme}{head}- {words.headline(text)}\n")
        verdict = self._test()
        return f"Added a note to `README.md`: {words.headline(text)}. Tests: {verdict}"

    # ---- tools ------------------------------------------------------------------------------------------

    def _read(self, file: str) -> None:
        call = self._wire.use("Read", {"file_path": str(Path(file).absolute())})
        self._wire.pause(0.6)
        self._wire.came_back(call, Path(file).read_text("utf-8"))

    def _edit(self, file: str, old: str, new: str) -> None:
        """Change a file for real, unless an earlier attempt did."""
        if new == old:
            return
        given = {"file_path": str(Path(file).absolute()), "old_string": old, "new_string": new}
        call = self._wire.use("Edit", given)
        self._allowed("Edit", given, call)
        self._wire.pause(0.8)
        Path(file).write_text(new, "utf-8")
        self._wire.came_back(call, f"The file {file} has been updated.")

    def _test(self) -> str:
        """Run the tests for real and return what they say in one line."""
        given = {"command": TESTS, "description": "Run the tests"}
        call = self._wire.use("Bash", given)
        self._allowed("Bash", given, call)
        self._wire.pause(0.8)
        env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        ran = subprocess.run(
            [sys.executable, "-m", "unittest"],
            env=env,
            capture_output=True,
            text=True,
            timeout=TEST_SECONDS,
            check=False,
        )
        self._wire.came_back(call, ran.stderr[-2000:], ok=ran.returncode == 0)
        number = re.search(r"Ran (\d+) test", ran.stderr)
        verdict = "all passed." if ran.returncode == 0 else "some failed."
        return f"{number[1] if number else 'none'} run, {verdict}"

    def _allowed(self, tool: str, given: dict[str, Any], call: str) -> None:
        """Ask where the mode says so. Raises `Refused` or `Interrupted`."""
        if self._wire.mode in FREE:
            return
        answer = self._wire.ask(tool, given, call, [ACCEPT_EDITS])
        if mode := _mode_after(answer):
            self._wire.switch(mode)
        if answer["behavior"] != "allow":
            self._wire.came_back(call, str(answer.get("message", "")), ok=False)
            if answer.get("interrupt"):
                raise Interrupted
            raise Refused(f"{tool} was not allowed.")

    def _hear(self) -> None:
        """Take in what was written meanwhile."""
        for prompt in self._wire.steering():
            self._wire.lifecycle(prompt.id, "started")
            self._remarks.append(words.headline(prompt.text))
            self._wire.say(f"Noted: {words.headline(prompt.text)}")
            self._memory.finished.append(prompt.id)
            self._wire.lifecycle(prompt.id, "completed")


def _mode_after(answer: dict[str, Any]) -> str | None:
    """Return the mode an answer grants."""
    for grant in answer.get("updatedPermissions", ()):
        if grant.get("type") == "setMode":
            return str(grant["mode"])
    return None
