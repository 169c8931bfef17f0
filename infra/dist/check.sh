#!/usr/bin/env bash
# Proves that a root file system that lay-out.sh made is complete: starts the programs in it, with nothing else of this machine in sight.
set -euo pipefail
dir=$1
inside() {
    local words=("$@")
    if [ "$(id -u)" -eq 0 ]; then
        chroot --userspec=1000:1000 "$dir" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin BAI_HOME=/tmp/home "${words[@]}"
    elif unshare -Urm true 2>/dev/null; then
        unshare -Ur chroot "$dir" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin BAI_HOME=/tmp/home "${words[@]}"
    else
        echo "neither the super-user nor user namespaces: the layout is not checked" >&2
        exit 0
    fi
}
inside baictl version >/dev/null
inside baictl validate --descriptor=- >/dev/null <<'TOML'
spec_version = "0.1.0"
[info]
description = "the image"
[hardware]
instance_type = "local"
[env]
docker_image = "none"
[ml]
benchmark_code = "true"
TOML
inside baictl create infra --help >/dev/null
inside sh -c 'bai-emit value=1 </dev/null'
# Services and the agent say what they want when they get something else; a missing library would be 127.
for program in bai-agent bai-courier; do
    status=0
    inside "$program" --help >/dev/null 2>&1 || status=$?
    [ "$status" -lt 126 ] || { echo "$program does not start in $dir: $status" >&2; exit 1; }
done
for program in bai-bff bai-fetcher bai-executor bai-watcher bai-metrics-pusher bai-analyzer; do
    missing=$(inside /usr/bin/env LD_TRACE_LOADED_OBJECTS=1 "$program" | grep 'not found' || true)
    [ -z "$missing" ] || { echo "$program lacks in $dir: $missing" >&2; exit 1; }
done
rm -rf "$dir/tmp/home"
echo "Every program starts in $dir." >&2
