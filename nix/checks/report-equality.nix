# What is committed equals what the recorded runs give: the README's results, and the report from one
# build of it to the next.
{
  runCommand,
  packages,
}:
let
  results = ../../results;
in
runCommand "report-equality" { nativeBuildInputs = [ packages.analysis ]; } ''
  cp ${../../README.md} README.md
  ln -s ${results} results
  mkdir docs
  cp ${../../docs/results.svg} docs/results.svg
  runs=(results/*/experiment.toml)
  analysis splice README.md "''${runs[@]%/experiment.toml}" --figure docs/results.svg --check
  export results=${results}
  (out=$PWD/again; . ${../report.sh})
  diff -r ${packages.report} again
  touch $out
''
