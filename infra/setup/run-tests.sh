#!/usr/bin/env bash
# Builds once and runs every test: the client libraries' and the samples' first, then Swift's, a process for each target.
#
# Swift Testing starts all tests of a process at once. Of one process with a thousand of them, those that wait for a condition would
# wait for the processor; target by target they have it.
set -euo pipefail
cd "$(dirname "$0")/../.."
passed=0
failed=0
failures=()

python_tests() {
    local name=$1 log count
    shift
    log=$(mktemp)
    if "${PYTHON:-python3}" -m unittest "$@" >"$log" 2>&1; then result=0; else result=1; fi
    count=$(sed -n 's/^Ran \([0-9]*\) test.*/\1/p' "$log" | tail -n 1)
    report "$name" "$result" "${count:-0}" "$log"
}

# Prints one line for a target, and what it said where it failed.
report() {
    local name=$1 result=$2 count=$3 log=$4
    if [ "$result" -eq 0 ] && [ "$count" -gt 0 ]; then
        passed=$((passed + count))
        printf '  %-28s %5d tests\n' "$name" "$count"
    else
        failed=$((failed + 1))
        failures+=("$name")
        printf '  %-28s FAILED (%d tests)\n' "$name" "$count"
        # Nothing to show is no reason to stop.
        { grep -vE '^(◇|✔|↳|Test (Suite|Case))' "$log" || true; } | tail -n 60
    fi
    rm -f "$log"
}

echo "== build ==" >&2
swift build --build-tests

echo "== lint ==" >&2
swift format lint --strict --parallel --recursive Sources Tests Benchmarks Package.swift

echo "== tests ==" >&2
python_tests client-lib/python discover -s client-lib/python/tests
python_tests client-lib/shell discover -s client-lib/shell/tests
python_tests sample-benchmarks sample-benchmarks/test_samples.py
PYTHON="$(infra/setup/python-packages.sh)" python_tests Tests/Schemas discover -s Tests/Schemas
bundle="$(swift build --show-bin-path)/benchmark-aiPackageTests.xctest"
swift_tests() {
    local name=$1 filter=$2 log count
    log=$(mktemp)
    if "$bundle" --testing-library swift-testing --filter "$filter" >"$log" 2>&1; then result=0; else result=1; fi
    # A filter that matches nothing succeeds: a target without tests must not pass for one.
    count=$(sed -n 's/.*Test run with \([0-9]*\) tests\{0,1\}.*/\1/p' "$log" | tail -n 1)
    report "$name" "$result" "${count:-0}" "$log"
}

targets=$(for folder in Tests/*Tests; do basename "$folder"; done | grep -v '^EndToEndTests$')
for target in $targets EndToEndTests; do swift_tests "$target" "^$target\\."; done
# The same with attempts as pods of a cluster's stand-in, as far as it makes a difference.
BAI_TEST_ATTEMPTS=pods swift_tests "EndToEndTests in pods" '^EndToEndTests\.(FirstRun|RunLife|Recovery|Kill|Pod)Tests/'

[ ${#failures[@]} -eq 0 ] || echo "failed: ${failures[*]}"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
