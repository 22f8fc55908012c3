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
workspace.build (
  {
    pname = "${crate}-tests";
    crates = [ crate ];
    # Programs that some tests use as stand-ins; a build has no /bin but for its shell.
    postConfigure = ''
      find . -name '*.rs' -exec sed -i -E 's,"/bin/(true|false)","${coreutils}/bin/\1",' {} +
    '';
    nativeBuildInputs = [
      git
      wrk
    ];
    buildPhase = "cargo test --offline --package ${crate}";
    installPhase = "touch $out";
  }
  # The harness is tested on the real servers.
  // lib.optionalAttrs (crate == "bench") { KIO_SUBJECTS = "${packages.subjects}/bin"; }
)
