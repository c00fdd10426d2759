#!/usr/bin/env bash
# Sees to a Chromium for the browser tests: the system's, or Debian's when root in CI.
# Without one the tests are skipped; in CI that is a failure.
set -euo pipefail
packages=(chromium fonts-noto-color-emoji fonts-noto-cjk)

found() { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null

missing() { # the packages Debian does not have installed
    local package
    for package in "${packages[@]}"; do
        dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q 'install ok installed' || echo "$package"
    done
}

install() {
    export DEBIAN_FRONTEND=noninteractive
    local log
    log=$(mktemp)
    echo "Installing $* for the browser tests." >&2
    if ! { apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@"; } </dev/null >"$log" 2>&1; then
        tail -n 20 "$log" >&2
    fi
    rm -f "$log"
}

if [ -n "${CI:-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get dpkg-query >/dev/null; then
    mapfile -t wanted < <(missing)
    if ((${#wanted[@]})); then install "${wanted[@]}"; fi
fi
if ! found; then
    echo "browser tests skipped: no Chromium (apt-get install chromium)" >&2
    [ -z "${CI:-}" ]
fi
