# shellcheck shell=sh disable=SC2154 # work is the temporary directory of who reads this
# What both layers of the Nix checks share. They run in the checkout's top directory.

say() { printf 'nix-check: %s\n' "$*" >&2; }
die() {
    say "failed: $*"
    exit 1
}

# step NAME COMMAND...: its output only where it fails.
step() {
    name=$1
    shift
    say "$name"
    "$@" >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        die "$name"
    }
}

# copy DIRECTORY: the checkout's tracked files as they are now, and a flake without a repository.
copy() {
    mkdir -p "$1"
    git ls-files -z | tar --create --null --files-from=- | tar --extract --directory="$1"
}

# caught FAULT TEXT COMMAND...: the command fails, and says TEXT.
caught() {
    fault=$1
    text=$2
    shift 2
    if "$@" >"$work/log" 2>&1; then
        die "this fault was not caught: $fault"
    fi
    grep -q -e "$text" "$work/log" || {
        cat "$work/log" >&2
        die "the log of this fault does not say '$text': $fault"
    }
    say "caught, and the log says '$text': $fault"
}

nix_files() { git ls-files '*.nix'; }

# ruff as nixpkgs has it for a test's script, which knows the machines by name.
lint_test_scripts() {
    ruff check --quiet --no-cache --isolated --select F \
        --config 'builtins = ["client", "machine", "machines", "server", "start_all", "subtest"]' nix/tests
}
