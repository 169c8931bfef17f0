#!/usr/bin/env bash
# Builds the tests with a sanitizer and runs those of every target but EndToEndTests, a process for each target as run-tests.sh does.
#
#   infra/setup/sanitize.sh [thread|address] [TARGET ...]      both sanitizers, and all targets, unless told otherwise
#
# A report of the sanitizer fails its target, also where all of its tests pass. The last line is the verdict; where it is FAILED, so is the exit code.
set -euo pipefail
cd "$(dirname "$0")/../.."

sanitizers="thread address"
case "${1:-}" in
    thread | address)
        sanitizers=$1
        shift
        ;;
esac
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    mapfile -t targets < <(for folder in Tests/*Tests; do basename "$folder"; done | grep -v '^EndToEndTests$')
fi

export TSAN_OPTIONS="halt_on_error=0 suppressions=$PWD/infra/setup/thread-sanitizer.supp ${TSAN_OPTIONS:-}"
export ASAN_OPTIONS="detect_leaks=1 ${ASAN_OPTIONS:-}"
export LSAN_OPTIONS="suppressions=$PWD/infra/setup/leak-sanitizer.supp print_suppressions=0 ${LSAN_OPTIONS:-}"

failures=()
for sanitizer in $sanitizers; do
    scratch=.build-${sanitizer:0:1}san
    echo "== build with the $sanitizer sanitizer ==" >&2
    swift build --build-tests --scratch-path "$scratch" --sanitize="$sanitizer"
    bundle="$(swift build --scratch-path "$scratch" --show-bin-path)/benchmark-aiPackageTests.xctest"
    for target in "${targets[@]}"; do
        log=$(mktemp)
        if "$bundle" --testing-library swift-testing --filter "^$target\\." >"$log" 2>&1; then result=0; else result=$?; fi
        # A filter that matches nothing succeeds: a target without tests must not pass for one.
        count=$(sed -n 's/.*Test run with \([0-9]*\) tests\{0,1\}.*/\1/p' "$log" | tail -n 1)
        reports=$(grep -cE '^(WARNING|SUMMARY|==[0-9]+==ERROR): (Thread|Address|Leak)Sanitizer' "$log" || true)
        if [ "$result" -eq 0 ] && [ "$reports" -eq 0 ] && [ "${count:-0}" -gt 0 ]; then
            printf '  %-8s %-28s %5d tests\n' "$sanitizer" "$target" "$count"
        else
            printf '  %-8s %-28s FAILED (%d tests, %d reports, exit code %d)\n' \
                "$sanitizer" "$target" "${count:-0}" "$reports" "$result"
            grep -vE '^(◇|✔|↳|Test (Suite|Case))' "$log" | tail -n 120
            failures+=("$sanitizer:$target")
        fi
        rm -f "$log"
    done
done

if [ ${#failures[@]} -gt 0 ]; then
    echo "FAILED: ${failures[*]}"
    exit 1
fi
echo "clean: $sanitizers, ${#targets[@]} targets"
