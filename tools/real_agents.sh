#!/usr/bin/env bash
# Leaves the real agent CLIs runnable under .tools/ and prints, one a line and unquoted:
#   CLAUDE_BIN=<path>   the Claude Code CLI
#   NODE_DIR=<path>     the directory of a Node.js ≥ 22.19, to be put first on PATH
# Without npm it prints nothing but a line on stderr; in CI that is a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=$PWD/.tools

skip() {
    echo "real agents skipped: $1" >&2
    [ -z "${CI:-}" ]
    exit
}

new_enough_node() {
    "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
        process.exit(a > 22 || (a === 22 && b >= 19) ? 0 : 1)' 2>/dev/null
}

fetch() { # install the pinned packages of tools/npm/<name> into .tools/<name>, without their scripts
    local name=$1 target=$tools/$1 stamp log
    stamp=$(cat "tools/npm/$name/package.json" "tools/npm/$name/package-lock.json" | sha256sum)
    if [ "$(cat "$target/.stamp" 2>/dev/null)" = "$stamp" ]; then return; fi
    echo "Installing $name from npm (once)." >&2
    rm -rf "$target"
    mkdir -p "$target"
    cp "tools/npm/$name/"*.json "$target/"
    log=$(mktemp)
    if ! (cd "$target" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) </dev/null >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        skip "npm could not install $name"
    fi
    rm -f "$log"
    if [ -n "${2:-}" ]; then "$2" "$target"; fi
    echo "$stamp" >"$target/.stamp"
}

place_claude() { # the package's own step: put the binary for this machine in its place
    (cd "$1/node_modules/@anthropic-ai/claude-code" && "$node" install.cjs) >&2
}

find_node() { # the system's Node.js when new enough, else the pinned one
    node=$(command -v node || true)
    if [ -n "$node" ] && new_enough_node "$node"; then return; fi
    fetch node
    node=$(find "$tools/node/node_modules" -path '*/bin/node' -type f -print -quit)
    new_enough_node "$node" || skip "no Node.js ≥ 22.19 for this machine"
}

command -v npm >/dev/null || skip "npm not found (apt-get install npm)"
mkdir -p "$tools"
exec 9>"$tools/agents.lock"
flock 9
find_node
dir=$(dirname "$node")
fetch agents place_claude
claude=$tools/agents/node_modules/.bin/claude
PATH=$dir:$PATH "$claude" --version >/dev/null || skip "the Claude Code CLI does not start"
echo "CLAUDE_BIN=$claude"
echo "NODE_DIR=$dir"
