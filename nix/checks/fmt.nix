# The layout of all crates' sources.
{ workspace, rustfmt }:
workspace.build {
  pname = "fmt";
  crates = workspace.members;
  nativeBuildInputs = [ rustfmt ];
  buildPhase = "cargo fmt --all --check";
  installPhase = "touch $out";
}
