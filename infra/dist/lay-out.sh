#!/usr/bin/env bash
# Lays out the root file system of the image that holds all programs, without a container engine:
#
#     infra/dist/lay-out.sh PROGRAMS DIR
#
# PROGRAMS is the folder of a release build, DIR is made anew. What is in it: the programs, stripped; the C libraries that they and the tools need, with the
# dynamic loader; a shell and the few tools that people and benchmarks of an image expect; authorities' certificates; time zones; a user 1000.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
programs=$(cd "$1" && pwd)
dir=$2
names="baictl bai-bff bai-fetcher bai-executor bai-watcher bai-metrics-pusher bai-analyzer bai-agent bai-courier"
# For `kubectl exec`, probes, and benchmarks that are a line of shell.
tools="sh cat cp date env false grep head id ls mkdir mktemp mv printf rm sed sleep sort tail tar test touch tr true uname wc"

case $dir in /|"") echo "DIR must be a folder of its own" >&2; exit 2 ;; esac
rm -rf "$dir"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
install -d "$dir"/{etc/ssl/certs,proc,sys,dev,run,var/lib/benchmark-ai,usr/bin,usr/local/bin,usr/local/share/benchmark-ai,usr/lib,root}
install -d -m 1777 "$dir/tmp" "$dir/var/tmp"
# As Debian has it: what is named /bin or /lib somewhere is found.
for link in bin lib; do ln -s "usr/$link" "$dir/$link"; done
ln -s usr/bin "$dir/sbin"

# A file and everything that it is linked to, under the paths by which the loader finds them.
copy_library() {
    local place="$dir$1"
    [ -e "$place" ] && return
    install -d "$(dirname "$place")"
    install -m 0755 "$(readlink -f "$1")" "$place"
}

copy_libraries_of() {
    local output library
    # A program that is linked statically needs none.
    output=$(ldd "$1" 2>/dev/null) || return 0
    if grep -q 'not found' <<<"$output"; then
        echo "$1 needs what is not there:" >&2
        grep 'not found' <<<"$output" >&2
        exit 1
    fi
    for library in $(sed -n 's/.* => \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-linux[^ ]*\) .*/\1/p' <<<"$output"); do
        copy_library "$library"
    done
}

for name in $names; do
    [ -x "$programs/$name" ] || { echo "$programs/$name is not there: build it first" >&2; exit 1; }
    copy_libraries_of "$programs/$name"
    install -m 0755 "$programs/$name" "$dir/usr/local/bin/$name"
    strip "$dir/usr/local/bin/$name"
done
for tool in $tools; do
    path=$(command -v "$tool" || true)
    case $path in /*) ;; *) path=/bin/$tool ;; esac
    [ -x "$path" ] || continue
    copy_libraries_of "$path"
    install -m 0755 "$(readlink -f "$path")" "$dir/usr/bin/$tool"
done
# What the C library loads by itself: names of hosts.
for module in libnss_files.so.2 libnss_dns.so.2 libresolv.so.2; do
    path=$(ldconfig -p | sed -n "s/.*$module .* => //p" | head -n 1)
    if [ -n "$path" ]; then copy_library "$path"; fi
done

cp -R "$root/client-lib" "$dir/usr/local/share/benchmark-ai/"
find "$dir/usr/local/share/benchmark-ai" -name __pycache__ -prune -exec rm -rf {} +
install -d "$dir/usr/local/share/benchmark-ai/infra"
cp -R "$root/infra/kubernetes" "$dir/usr/local/share/benchmark-ai/infra/"
ln -s ../share/benchmark-ai/client-lib/shell/bai-emit "$dir/usr/local/bin/bai-emit"
install -m 0644 /etc/ssl/certs/ca-certificates.crt "$dir/etc/ssl/certs/"
if [ -d /usr/share/zoneinfo ]; then
    install -d "$dir/usr/share"
    # Descriptors name time zones; the copies in posix/ and right/ nobody names.
    tar -C /usr/share --exclude=zoneinfo/posix --exclude=zoneinfo/right -c zoneinfo | tar -C "$dir/usr/share" -x
fi
printf 'root:x:0:0:root:/root:/bin/sh\nbai:x:1000:1000:benchmark-ai:/var/lib/benchmark-ai:/bin/sh\n' >"$dir/etc/passwd"
printf 'root:x:0:\nbai:x:1000:\n' >"$dir/etc/group"
printf 'hosts: files dns\n' >"$dir/etc/nsswitch.conf"
chown 1000:1000 "$dir/var/lib/benchmark-ai" 2>/dev/null || chmod 0777 "$dir/var/lib/benchmark-ai"

# Proof: every program starts in there, and finds all that it needs.
"$root/infra/dist/check.sh" "$dir"
echo "PROGRAM              BYTES"
for name in $names; do printf '%-20s %s\n' "$name" "$(stat -c %s "$dir/usr/local/bin/$name")"; done
printf '%-20s %s\n' "everything" "$(du -sb --apparent-size "$dir" | cut -f 1)"
