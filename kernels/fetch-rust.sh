#!/bin/sh
# Prints the rustc that compiles for 64-bit ARM: the one in use where it has that target, else Debian's,
# unpacked into CACHE without installing anything. Status 3 when Debian's archive cannot be had.
# usage: fetch-rust.sh CACHE
set -eu
here=$(cd "$(dirname -- "$0")" && pwd)
cache=$1
target=aarch64-unknown-linux-gnu
if [ -d "$(rustc --print target-libdir --target "$target" 2>/dev/null)" ]; then
    command -v rustc
    exit
fi
root=$cache/rust
# The path through which it is called says where its libraries are.
rustc=$cache/rustc
if [ ! -x "$rustc" ]; then
    rust="Rust for $target"
    # shellcheck source=SCRIPTDIR/archive.sh
    . "$here/archive.sh"
    archive rust bookworm,bookworm-security || no_archive "$rust"
    depends() {
        with_archive rust apt-cache depends "$1" | sed -n "s/^ *Depends: \($2[^:]*\).*/\1/p" | head -n 1
    }
    library=$(depends libstd-rust-web-dev libstd-rust-web-)
    [ -n "$library" ] || no_archive "$rust"
    llvm=$(depends "$library" libllvm)
    work=$(mktemp -d "$cache/fetch.XXXXXX")
    (cd "$work" && download rust rustc-web:amd64 "$library:amd64" "$llvm:amd64" \
        libstd-rust-web-dev:amd64 libstd-rust-web-dev:arm64) || no_archive "$rust"
    mkdir -p "$work/root"
    for package in "$work"/*.deb; do
        dpkg-deb -x "$package" "$work/root"
    done
    rm -rf "$root"
    mv "$work/root" "$root"
    rm -rf "$work"
    cat >"$rustc" <<SCRIPT
#!/bin/sh
LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu exec $root/usr/bin/rustc "\$@"
SCRIPT
    chmod +x "$rustc"
    "$rustc" --version >&2
fi
printf '%s\n' "$rustc"
