#!/bin/sh
# Fetches the kernels of kernels.list for both architectures: CACHE/kernels/NAME-ARCHITECTURE, each with
# the package's version beside it. Where Debian's archive cannot be had those that were fetched before do;
# status 3 without them.
# usage: fetch-kernels.sh CACHE
set -eu
here=$(cd "$(dirname -- "$0")" && pwd)
cache=$1
mkdir -p "$cache/kernels"
# shellcheck source=SCRIPTDIR/archive.sh
. "$here/archive.sh"

# kept NAME: what an earlier run has fetched.
kept() {
    for architecture in x86_64 aarch64; do
        [ -s "$cache/kernels/$1-$architecture" ] || return 1
    done
    printf 'kernels: %s cannot be looked for; as fetched before: %s\n' "$1" \
        "$(cat "$cache/kernels/$1-x86_64.version")" >&2
}

# fetch NAME ARCHITECTURE DEBIAN_ARCHITECTURE
fetch() {
    meta=linux-image-cloud-$3:$3
    package=$(with_archive "$1" apt-cache show "$meta" 2>/dev/null |
        sed -n 's/^Depends:.* \?\(linux-image-[0-9][^ ]*\) (= \([^)]*\)).*/\1 \2/p' | head -n 1)
    [ -n "$package" ] || no_archive "$meta"
    version=${package#* }
    package=${package% *}
    # Newer packages have the kernel itself in one of its own.
    binary=linux-binary-${package#linux-image-}
    if with_archive "$1" apt-cache show "$binary:$3=$version" >/dev/null 2>&1; then
        package=$binary
    fi
    target=$cache/kernels/$1-$2
    if [ -s "$target" ] && [ "$(cat "$target.version" 2>/dev/null)" = "$version" ]; then
        return
    fi
    work=$(mktemp -d "$cache/fetch.XXXXXX")
    (cd "$work" && download "$1" "$package:$3=$version") || no_archive "$package"
    dpkg-deb --fsys-tarfile "$work"/*.deb | tar -x -C "$work" --wildcards '*/vmlinuz*'
    mv "$(find "$work" -name 'vmlinuz*' -type f)" "$target"
    rm -rf "$work"
    printf '%s\n' "$version" >"$target.version"
    printf 'kernels: fetched %s for %s: %s\n' "$1" "$2" "$version" >&2
}

grep -v '^#' "$here/kernels.list" | while read -r name suites; do
    if ! archive "$name" "$suites"; then
        kept "$name" || no_archive "$suites"
        continue
    fi
    fetch "$name" x86_64 amd64
    fetch "$name" aarch64 arm64
done
