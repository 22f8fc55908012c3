#!/bin/sh
# Builds what runs in the guests, linked statically, and packs it: CACHE/initramfs-ARCHITECTURE.
# usage: build.sh CACHE ARCHITECTURE [RUSTC]
set -eu
here=$(cd "$(dirname -- "$0")" && pwd)
cache=$1
architecture=$2
triple=$architecture-unknown-linux-gnu
strip='strip'
flags='-C target-feature=+crt-static'
case $architecture in
aarch64)
    RUSTC=${3-rustc}
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    export RUSTC CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER
    strip=aarch64-linux-gnu-strip
    # That of the study's ARM hosts; the guest has the same.
    flags="$flags -C target-cpu=neoverse-n1"
    ;;
esac
# Nobody debugs in a guest.
CARGO_PROFILE_RELEASE_DEBUG=0 RUSTFLAGS=$flags cargo build --locked --release --manifest-path "$here/../Cargo.toml" \
    --target "$triple" --target-dir "$cache" \
    -p bench -p kio-rs -p tokio-baseline -p floors -p kernels --bins >&2
root=$(mktemp -d "$cache/root.XXXXXX")
trap 'rm -rf "$root"' EXIT
mkdir "$root/bin"
for program in bench kio-rs tokio-baseline epoll-floor uring-floor; do
    "$strip" -o "$root/bin/$program" "$cache/$triple/release/$program"
done
"$strip" -o "$root/init" "$cache/$triple/release/guest"
chmod -R u=rwX,go=rX "$root"
(cd "$root" && find . | cpio --quiet --owner 0:0 -o -H newc) | gzip -1 >"$cache/initramfs-$architecture"
