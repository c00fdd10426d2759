#!/usr/bin/env bash
# Makes .venv for running (runtime) or for developing (dev): locked packages, then this checkout.
# Idempotent: a stamp names what was installed; a virtual environment that does not work is made again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
kind=${1:?usage: setup.sh runtime|dev}
unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_USER PIP_REQUIRE_VIRTUALENV VIRTUAL_ENV

usable() { # a Python of 3.11 or newer that can make virtual environments
    "$1" -I -c 'import sys; sys.exit(sys.version_info < (3, 11)); ' 2>/dev/null &&
        "$1" -I -c 'import ensurepip, venv' 2>/dev/null
}

pick_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if usable "$name"; then command -v "$name"; return; fi
    done
}

new_enough_git() {
    local version major minor
    version=$(git --version 2>/dev/null) || return 1
    version=${version#git version }
    IFS=. read -r major minor _ <<<"$version"
    ((major > 2 || (major == 2 && ${minor%%[^0-9]*} >= 38)))
}

require_tools() {
    local missing=()
    python=$(pick_python)
    [ -n "$python" ] || missing+=("python ≥ 3.11 with venv (apt-get install python3-venv)")
    new_enough_git || missing+=("git ≥ 2.38 (apt-get install git)")
    if ((${#missing[@]})); then
        local line
        printf -v line ', %s' "${missing[@]}"
        echo "leadhand needs: ${line:2}" >&2
        exit 1
    fi
}

stamp_of() { # what an environment of this kind is made from
    local files=(pyproject.toml requirements/build.txt "requirements/$1.txt")
    { pwd; cat "${files[@]}"; } | sha256sum | cut -d' ' -f1
}

works() { # it starts and its packages are really there
    [ -x .venv/bin/leadhand ] && [ -x .venv/bin/lh ] && .venv/bin/python -I - 2>/dev/null <<'PY'
import sys
from importlib.util import find_spec

names = ("aiohttp", "aiosqlite", "fluent.runtime", "git", "ptyprocess", "pydantic", "pyromark", "telegram")
sys.exit(not all(map(find_spec, names)) or sys.version_info < (3, 11))
PY
}

is_fresh() { [ "$(cat ".venv/.stamp-$1" 2>/dev/null)" = "$(stamp_of "$1")" ]; }

quietly() { # say nothing unless it fails
    local log
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        echo "leadhand could not set up: ${*: -4} failed" >&2
        exit 1
    fi
    rm -f "$log"
}

pip() { quietly .venv/bin/python -I -m pip --no-input --disable-pip-version-check "$@"; }

install() {
    local started=$SECONDS
    echo "Setting up .venv ($kind, once): $("$python" -I -V)" >&2
    if ! works || ! .venv/bin/python -I -m pip --version >/dev/null 2>&1; then
        rm -rf .venv
        quietly "$python" -I -m venv .venv
    fi
    rm -f .venv/.stamp-*
    pip install --require-hashes -r "requirements/$kind.txt" -r requirements/build.txt
    pip install --no-deps --no-build-isolation --no-index --editable .
    rm -rf .venv/lib/python3*/site-packages/bot # a copy of locales/ that would only grow stale
    stamp_of runtime >.venv/.stamp-runtime
    if [ "$kind" = dev ]; then stamp_of dev >.venv/.stamp-dev; fi
    echo "Set up in $((SECONDS - started)) s." >&2
}

require_tools
mkdir -p .tools
exec 9>.tools/setup.lock
flock 9
if ! is_fresh "$kind" || ! works; then install; fi
