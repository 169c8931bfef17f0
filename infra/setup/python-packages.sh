#!/usr/bin/env bash
# Makes .build/python, an environment with what infra/setup/python-packages.txt lists, unless it is there; prints its python.
set -euo pipefail
list="$(dirname "$0")/python-packages.txt"
folder="$(cd "$(dirname "$0")/../.." && pwd)/.build/python"
stamp="$folder/installed.txt"

if ! cmp -s "$list" "$stamp"; then
    echo "Installing what tests need from PyPI into .build/python" >&2
    rm -rf "$folder"
    mkdir -p "$(dirname "$folder")"
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    if ! { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$list"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -rf "$folder"
        exit 1
    fi
    cp "$list" "$stamp"
fi
echo "$folder/bin/python"
