#!/usr/bin/env bash
# Resolves the dependencies for every Python and platform at once; keeps the versions unless UPGRADE=1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

lock() {
    local file=requirements/$1.txt
    shift
    .venv/bin/uv pip compile pyproject.toml "$@" --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-header --quiet --output-file "$file" ${UPGRADE:+--upgrade}
}

lock dev --group dev
lock runtime
.venv/bin/uv pip compile --group build --constraint requirements/dev.txt --universal --python-version 3.11 \
    --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet --output-file requirements/build.txt
echo "Locked: requirements/dev.txt, runtime.txt, build.txt"
