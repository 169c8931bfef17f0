#!/usr/bin/env bash
# Proves that a root file system that lay-out.sh made is complete: starts the programs in it, with nothing else of this machine in sight.
set -euo pipefail
dir=$1
# As a container has it: /proc, where Swift programs find their own arguments, and /dev.
mounts='mount --rbind /proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot $user "$0" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin BAI_HOME=/tmp/home "$@"'
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
    flags=-m
    user=--userspec=1000:1000
elif unshare -Urm true 2>/dev/null; then
    flags=-Urm
    user=
else
    echo "neither the super-user nor user namespaces: the layout is not checked" >&2
    exit 0
fi
inside() {
    user=$user unshare "$flags" sh -c "$mounts" "$dir" "$@"
}
inside baictl version >/dev/null
inside baictl validate --descriptor=- >/dev/null 2>&1 <<'TOML'
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
