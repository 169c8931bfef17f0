#!/usr/bin/env bash
# A first benchmark: starts the services, runs sample-benchmarks/hello-world and shows what it measured.
set -euo pipefail
cd "$(dirname "$0")/../.."
baictl="$1/baictl"

"$baictl" up
result=0
"$baictl" run benchmark --descriptor=sample-benchmarks/hello-world/descriptor.toml --watch || result=$?
case $result in
    0) ;;
    4) echo "It ran, but something else kept this machine busy: such numbers are kept and marked as not valid." >&2 ;;
    *) exit "$result" ;;
esac
cat >&2 <<EOF

That was a run: fetched, queued, started, measured, judged. Look around:

  export PATH="$(cd "$1" && pwd):\$PATH"
  baictl list                    every run, newest first
  baictl describe latest         all about the newest: attempts, environment, results, history
  baictl logs latest             what it printed
  baictl run benchmark -f sample-benchmarks/cpu/descriptor.toml --watch
  baictl down                    end the services (they keep everything in ${BAI_HOME:-~/.local/state/benchmark-ai})
EOF
