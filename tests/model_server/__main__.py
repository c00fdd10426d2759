"""`python -m tests.model_server script.json [port]`: the scripted model server by itself."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from tests.model_server.script import load
from tests.model_server.server import serving


def main() -> None:
    """Serve until the process is ended; print the address first."""
    scripts = load(Path(sys.argv[1]).read_text("utf-8"))
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with serving(*scripts, port=port) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
