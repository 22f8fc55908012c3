# shellcheck shell=bash disable=SC2154,SC2164 # a part of a derivation, which sets names and ends at errors
# One run, or every run of the folder. The first is the report's answer: the one that the README
# quotes, where it is among them, else the newest.
if [ -e "$results/experiment.toml" ]; then
    # By its own name, which the report has too, without the store's hash.
    name=$(basename "$results")
    ln -s "$results" "${name#*-}"
    runs=("${name#*-}")
else
    cd "$results"
    quoted=$(sed -n 's/^<!-- results of results\/\(.*\) -->$/\1/p' "$readme")
    all=(*/experiment.toml)
    first=${all[-1]%/*}
    if [ -n "$quoted" ] && [ -e "$quoted/experiment.toml" ]; then
        first=$quoted
    fi
    runs=("$first")
    for run in "${all[@]%/*}"; do
        if [ "$run" != "$first" ]; then
            runs+=("$run")
        fi
    done
fi
analysis report "${runs[@]}" --out "$out"
