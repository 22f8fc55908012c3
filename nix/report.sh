# shellcheck shell=bash disable=SC2154,SC2164 # a part of a derivation, which sets names and ends at errors
# One run, or every run of the folder.
if [ -e "$results/experiment.toml" ]; then
    # By its own name, which the report has too, without the store's hash.
    name=$(basename "$results")
    ln -s "$results" "${name#*-}"
    runs=("${name#*-}")
else
    cd "$results"
    all=(*/experiment.toml)
    runs=("${all[@]%/*}")
fi
analysis report "${runs[@]}" --out "$out"
