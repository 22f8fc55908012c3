# The paper, typeset from the data that the report's derivation holds.
{
  runCommand,
  typst,
  report,
  source ? ../paper,
}:
runCommand "paper"
  {
    nativeBuildInputs = [ typst ];
    meta.description = "The study's paper";
  }
  ''
    cp -r ${report} report
    chmod -R u+w report
    sh ${source}/build report
    mkdir $out
    cp report/paper.pdf $out
  ''
