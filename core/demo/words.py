"""What the demo agent says: plans, questions and results. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.demo.formats import CODE_FILE, TEST_FILE, Format

QUESTION = "Which output format should be added?"
SAID = "The user says:\n\n"


def plan(task: str, version: int, feedback: Sequence[str], offered: Sequence[Format]) -> str:
    """Return the plan as Markdown."""
    labels = ", ".join(one.label for one in offered)
    steps = [
        f"Ask which format is wanted: {labels}.",
        f"Add it to `{CODE_FILE}`, as one function and one entry in `FORMATS`.",
        f"Add a test with the exact output to `{TEST_FILE}`.",
        *(["Name the new format in `README.md`."] if wants_readme(feedback) else []),
        "Run `python -m unittest` and report what it says.",
    ]
    lines = [f"# {headline(task)}", ""]
    lines += ["`tally` can print its count in one way only. I would add a second one.", ""]
    if feedback:
        lines += [f"## Changed in version {version}", "", *(f"- You said: {one}" for one in feedback), ""]
    lines += ["## Steps", "", *(f"{n}. {step}" for n, step in enumerate(steps, 1)), ""]
    lines += ["## What does not change", "", "- The default stays `plain`.", "- No new dependency.", ""]
    lines += ["*This is the demo agent: it has no model and makes this small change whatever it is asked.*"]
    return "\n".join(lines) + "\n"


def headline(task: str) -> str:
    """Return the first line of the task, cut to a title's length."""
    first = next((line.strip(" #*`") for line in task.splitlines() if line.strip()), "A small task")
    return first if len(first) <= 80 else first[:79] + "…"  # noqa: PLR2004 - a title


def said(message: str) -> str:
    """Return a person's own words out of a refusal."""
    _, mark, words = message.partition(SAID)
    return (words if mark else message).strip() or "Please change the plan."


def wants_readme(feedback: Sequence[str]) -> bool:
    """Tell whether the person asked for documentation."""
    return any(word in one.lower() for one in feedback for word in ("readme", "document", "docs"))


def question(offered: Sequence[Format]) -> dict[str, Any]:
    """Return the input of the one question."""
    options = [{"label": one.label, "description": one.about} for one in offered]
    asked = {"question": QUESTION, "header": "Format", "multiSelect": False, "options": options}
    return {"questions": [asked]}


def result(wanted: Format, files: Sequence[str], verdict: str, remarks: Sequence[str]) -> str:
    """Return the factual end of the work."""
    places = " and ".join(f"`{file}`" for file in files)
    heard = "".join(f"\nYou wrote meanwhile: {one}" for one in remarks)
    return f"Added the {wanted.label} format in {places}. Tests: {verdict}{heard}"
