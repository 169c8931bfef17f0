#!/usr/bin/env bash
# Says what to do when there is no Swift, or one that is too old.
set -euo pipefail
needed=6.2
if ! command -v swift >/dev/null 2>&1; then
    echo "Swift $needed or later is needed and was not found on the PATH: see https://www.swift.org/install/linux" >&2
    exit 1
fi
found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)
if [ "$(printf '%s\n%s\n' "$needed" "$found" | sort -V | head -n 1)" != "$needed" ]; then
    echo "Swift $needed or later is needed; this is ${found:-unknown}: see https://www.swift.org/install/linux" >&2
    exit 1
fi
