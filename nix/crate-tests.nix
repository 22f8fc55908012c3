# The tests of one crate, which a change elsewhere leaves as they are.
{
  lib,
  workspace,
  packages,
  coreutils,
  git,
  wrk,
}:
crate:
let
  # What the tests of a crate read of the repository beside the crates' sources.
  files = {
    analysis = [
      ../paper
      ../results
    ];
    statistics = [
      ../bench/experiments
      ../docs/method.md
      ../results
    ];
  };
  # Tests that ask cargo for the crates of the other workspaces, which this build has not.
  skipped = {
    bench = [ "every_crate_" ];
  };
  skips = map (name: "--skip ${name}") (skipped.${crate} or [ ]);
in
workspace.build (
  {
    pname = "${crate}-tests";
    crates = [ crate ];
    files = files.${crate} or [ ];
    # Programs that some tests use as stand-ins; a build has no /bin but for its shell.
    postConfigure = ''
      find . -name '*.rs' -exec sed -i -E 's,"/bin/(true|false)","${coreutils}/bin/\1",' {} +
    '';
    nativeBuildInputs = [
      git
      wrk
    ];
    buildPhase = "cargo test --offline --package ${crate} -- ${toString skips}";
    installPhase = "touch $out";
  }
  # The harness is tested on the real servers.
  // lib.optionalAttrs (crate == "bench") { KIO_SUBJECTS = "${packages.subjects}/bin"; }
)
