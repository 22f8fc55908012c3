# shellcheck shell=bash
exec bench doctor "$@"
