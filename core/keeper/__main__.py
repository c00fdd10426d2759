"""Start: `python -m core.keeper <home>`."""

from __future__ import annotations

import sys

from core.keeper.daemon import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
