# shellcheck shell=bash
experiment=${1-quick}
[ $# -eq 0 ] || shift
case " $experiment $* " in
*' --help '* | *' -h '*) exec bench run --help ;;
esac
# Its last line is the folder; its progress is on standard error.
printed=$(bench run "$experiment" "$@")
folder=$(printf '%s\n' "$printed" | tail -n 1)
out=$PWD/out/$(basename "$folder")
analysis report "$folder" --out "$out" >/dev/null
printf '%s\n' "$out/report.html"
