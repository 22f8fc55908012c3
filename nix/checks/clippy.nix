# Lints of all crates, as `./study test` has them.
{ workspace, clippy }:
workspace.build {
  pname = "clippy";
  crates = workspace.members;
  files = [ ../../clippy.toml ];
  nativeBuildInputs = [ clippy ];
  buildPhase = ''
    cargo clippy --offline --workspace --all-targets --features kio-rs/bench-internals -- -D warnings
  '';
  installPhase = "touch $out";
}
