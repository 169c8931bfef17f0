#!/usr/bin/env bash
# Makes an environment with what a list names, unless it is there; prints its python.
# usage: python-packages.sh [test|bench]: what tests need, or what benchmarks compare with
set -euo pipefail
suffix=""
[ "${1:-test}" = test ] || suffix="-$1"
list="$(dirname "$0")/python-packages$suffix.txt"
folder="$(cd "$(dirname "$0")/../.." && pwd)/.build/python$suffix"
stamp="$folder/installed.txt"

if ! cmp -s "$list" "$stamp"; then
    echo "Installing what $list names from PyPI into .build/python$suffix" >&2
    rm -rf "$folder"
    mkdir -p "$(dirname "$folder")"
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    if ! { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$list"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -rf "$folder"
        exit 1
    fi
    cp "$list" "$stamp"
fi
echo "$folder/bin/python"
