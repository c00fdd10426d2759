"""What the demo agent remembers of a conversation, so that it can be resumed after any death.

One small JSON file a conversation, replaced whole on every change.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

Phase = Literal["new", "planning", "working", "done"]


@dataclass(slots=True)
class Memory:
    """One conversation."""

    file: Path
    session: str
    task: str = ""
    phase: Phase = "new"
    version: int = 0
    feedback: list[str] = field(default_factory=list)
    choice: str = ""
    finished: list[str] = field(default_factory=list)  # ids of prompts that are done with

    def save(self) -> None:
        """Write the file."""
        data = asdict(self)
        del data["file"]
        self.file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(data), "utf-8")
        fresh.replace(self.file)

    @property
    def plan_file(self) -> Path:
        """Where the plan is written, outside of the repository."""
        return self.file.parent.parent / "plans" / f"plan-{self.session[:8]}.md"


def config_dir() -> Path:
    """Return the agent's own directory."""
    named = os.environ.get("CLAUDE_CONFIG_DIR")
    return Path(named) if named else Path.home() / ".cache" / "leadhand-demo"


def memory_file(session: str) -> Path:
    """Return the file of a conversation; odd characters of its id never reach the file system."""
    safe = "".join(c for c in session if c.isalnum() or c in "-_")
    return config_dir() / "sessions" / f"{safe}.json"


def recall(session: str) -> Memory | None:
    """Return the conversation, if there was one."""
    file = memory_file(session)
    try:
        return Memory(file=file, **json.loads(file.read_text("utf-8")))
    except FileNotFoundError:
        return None
