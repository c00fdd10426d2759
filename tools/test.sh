#!/usr/bin/env bash
# Runs the tests: "quick" is the everyday set; "all" is everything, with the browser and the real agents.
# Further arguments go to pytest. LEADHAND_LONG=1 gives the slow parts their long form.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
kind=${1:?usage: test.sh quick|all [pytest arguments]}
shift

offer_real_agents() { # hands the paths of the real CLIs to the tests
    local line found
    found=$(tools/real_agents.sh)
    while IFS= read -r line; do
        case $line in
        NODE_DIR=*) export "${line?}" PATH="${line#*=}:$PATH" ;;
        *=*) export "${line?}" ;;
        esac
    done <<<"$found"
}

case $kind in
quick) exec .venv/bin/python -m pytest -q -m "not slow and not browser and not real_agent and not chaos" "$@" ;;
all)
    tools/browser.sh
    offer_real_agents
    exec .venv/bin/python -m pytest -q "$@"
    ;;
esac
