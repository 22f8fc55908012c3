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
    cp -r ${source} paper
    mkdir -p $out
    typst compile --root . --ignore-system-fonts --input data=${report} paper/paper.typ $out/paper.pdf
  ''
