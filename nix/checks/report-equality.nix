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
  run=$(sed -n 's/^<!-- results of \(.*\) -->$/\1/p' README.md)
  analysis splice README.md "$run" --check
  export results=${results} readme=$PWD/README.md
  (out=$PWD/again; . ${../report.sh})
  diff -r ${packages.report} again
  touch $out
''
