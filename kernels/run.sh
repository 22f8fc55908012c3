#!/bin/sh
# Boots every kernel of kernels.list on both architectures, and checks what every arm does there.
# usage: run.sh CACHE KERNELS_PROGRAM [--write]
# The tools are there: `./study kernels` installs them. Status 3 where nothing can be booted, as without
# Debian's archive, which is needed for what the cache does not have.
set -eu
here=$(cd "$(dirname -- "$0")" && pwd)
cache=$1
judge=$2
shift 2
architectures='x86_64 aarch64'
logs=$cache/logs

skip() {
    printf '\nkernels: NOT CHECKED: %s. No kernel was booted.\n\n' "$1" >&2
    exit 3
}

# The status of a step that may find the archive out of reach.
fetched() {
    status=0
    "$@" || status=$?
    [ "$status" -ne 3 ] || skip 'the packages cannot be had'
    return "$status"
}

[ "$(uname -m)" = x86_64 ] || skip "cross-building is set up for x86_64 only, not $(uname -m)"
for tool in apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || skip "this host has no $tool to fetch kernels with"
done
[ -r /usr/share/keyrings/debian-archive-keyring.gpg ] || skip "the package debian-archive-keyring is missing"

mkdir -p "$cache"
fetched "$here/fetch-kernels.sh" "$cache"
fetched "$here/fetch-rust.sh" "$cache" >"$cache/rustc.path"
rm -rf "$logs"
mkdir -p "$logs"
for architecture in $architectures; do
    "$here/build.sh" "$cache" "$architecture" "$(cat "$cache/rustc.path")"
done
names=$(sed -n 's/^\([^# ][^ ]*\) .*/\1/p' "$here/kernels.list")
for name in $names; do
    printf 'kernels: booting %s\n' "$name" >&2
    # The two architectures at once: an emulated machine waits a lot.
    for architecture in $architectures; do
        "$here/boot.sh" "$architecture" "$cache/kernels/$name-$architecture" \
            "$cache/initramfs-$architecture" "$logs/$name-$architecture.log" &
    done
    wait
done
words() { printf '%s' "$*" | tr -s ' \n' ,; }
# shellcheck disable=SC2086 # one word a name
"$judge" "$logs" --kernels "$(words $names)" --architectures "$(words $architectures)" \
    --document "$here/../docs/reliability.md" "$@"
