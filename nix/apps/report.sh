# shellcheck shell=bash
if [ $# -eq 0 ]; then
    newest=$(find results -mindepth 2 -maxdepth 2 -name experiment.toml 2>/dev/null | sort | tail -n 1)
    if [ -z "$newest" ]; then
        echo "report: there are no results in $PWD/results; name a results folder, or measure with: nix run .#bench" >&2
        exit 1
    fi
    set -- "$(dirname "$newest")"
fi
# The first folder names the report.
out=$PWD/out/$(basename "$1")
analysis report "$@" --out "$out" >/dev/null
printf '%s\n' "$out/report.html"
