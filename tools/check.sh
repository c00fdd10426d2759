#!/usr/bin/env bash
# The checks: format, lint, types, import contracts ("static"), and the tests of the house ("all").
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin=.venv/bin

step() {
    local name=$1
    shift
    local log
    log=$(mktemp)
    if "$@" >"$log" 2>&1; then
        echo "ok    $name"
        rm -f "$log"
    else
        cat "$log"
        rm -f "$log"
        echo "wrong $name"
        exit 1
    fi
}

targets=()
for folder in bot core tests bench tools; do
    if [ -n "$(find "$folder" -name "*.py" -print -quit 2>/dev/null)" ]; then
        targets+=("$folder")
    fi
done
step format "$bin/ruff" format --check .
step lint "$bin/ruff" check .
step types "$bin/mypy" "${targets[@]}"
step imports "$bin/lint-imports" --no-cache --no-logo
if [ "${1:-all}" = all ]; then exec "$bin/python" -m pytest -q tests/house -m "not slow"; fi
