# The report of recorded runs: what `analysis` writes, and nothing else. Another data set:
# `report.override { results = ./my-results; }`, a folder of runs or one run.
{
  lib,
  runCommand,
  analysis,
  results ? lib.fileset.toSource {
    root = ../results;
    fileset = ../results;
  },
}:
runCommand "report" {
  inherit results;
  nativeBuildInputs = [ analysis ];
  meta.description = "The report of the study's recorded runs: HTML, Markdown, tables, figures and claims";
} (builtins.readFile ./report.sh)
