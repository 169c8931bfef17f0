#!/usr/bin/env bash
# Installs what a list of packages (infra/setup/apt-packages.txt) names and is missing; says nothing when all is there.
set -euo pipefail
list="${1:-$(dirname "$0")/apt-packages.txt}"

# A package counts as there when pkg-config finds its library, Python its module, or, without either, when dpkg has it or its program is on the path.
is_there() {
    local package=$1 library=$2
    if [ "${library#python:}" != "$library" ]; then
        python3 -c "import ${library#python:}" >/dev/null 2>&1
    elif [ "$library" != - ]; then
        pkg-config --exists "$library" 2>/dev/null
    else
        command -v "$package" >/dev/null 2>&1 || dpkg -s "$package" >/dev/null 2>&1
    fi
}

missing=()
while read -r package library _; do
    case "$package" in '' | '#'*) continue ;; esac
    is_there "$package" "$library" || missing+=("$package")
done <"$list"
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "These packages are missing, and this is no Debian: ${missing[*]}" >&2
    echo "Install what your system calls them, then run make again." >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "Missing: ${missing[*]}. Install them as root: apt-get install ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi
echo "Installing ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! { "${as_root[@]}" apt-get update -q && "${as_root[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt-get failed; its last lines are above." >&2
    exit 1
fi
