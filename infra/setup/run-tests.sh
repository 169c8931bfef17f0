#!/usr/bin/env bash
# Builds once and runs every test: the client libraries' and the samples' first (seconds), then Swift's, whose summary is the last thing printed.
set -euo pipefail
cd "$(dirname "$0")/../.."

echo "== client-lib: Python ==" >&2
python3 -m unittest discover -q -s client-lib/python/tests
echo "== client-lib: shell ==" >&2
python3 -m unittest discover -q -s client-lib/shell/tests
echo "== sample benchmarks ==" >&2
python3 -m unittest discover -q -s sample-benchmarks

echo "== build ==" >&2
swift build --build-tests

echo "== lint ==" >&2
swift format lint --strict --parallel --recursive Sources Tests Benchmarks Package.swift

echo "== tests ==" >&2
# A filter that matches nothing exits 0: a run without tests must not pass for one.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
swift test --skip-build 2>&1 | tee "$log"
grep -qE 'Test run with [1-9][0-9]* tests' "$log" || { echo "No test ran." >&2; exit 1; }
