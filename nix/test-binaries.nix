# The tests of kio-rs as programs, for kernels other than the one that builds them.
{
  callPackage,
  jq,
  runtimeShell,
}:
let
  workspace = callPackage ./workspace.nix { };
in
workspace.build {
  pname = "kio-rs-tests";
  crates = [ "kio-rs" ];
  nativeBuildInputs = [ jq ];
  # The tests know the server by the path that cargo built it at, which therefore must be in the output.
  buildPhase = ''
    export CARGO_TARGET_DIR=$out/libexec
    cargo test --offline --no-run --package kio-rs --message-format=json >messages
  '';
  # All but the test of cargo's own dependency tree.
  installPhase = ''
    jq -r 'select(.profile.test and .executable != null) | .executable' messages |
      grep -v '/dependencies-' >tests
    find $out/libexec -mindepth 2 -maxdepth 2 \( -name build -o -name incremental -o -name .fingerprint \) \
      -exec rm -r {} +
    find $out/libexec -type f ! -executable -delete
    mkdir -p $out/bin
    {
      echo '#!${runtimeShell}'
      sed 's/$/ --test-threads=2 || exit 1/' tests
    } >$out/bin/run-kio-rs-tests
    chmod +x $out/bin/run-kio-rs-tests
  '';
  meta.mainProgram = "run-kio-rs-tests";
}
