# The tests of all crates.
{
  workspace,
  coreutils,
  git,
  wrk,
}:
workspace.build {
  pname = "tests";
  crates = workspace.members;
  # Programs that some tests use as stand-ins; a build has no /bin but for its shell.
  postConfigure = ''
    grep -rlE '"/bin/(true|false)"' --include='*.rs' bench floors kio-rs | while read -r file; do
      sed -i -E 's,"/bin/(true|false)","${coreutils}/bin/\1",' "$file"
    done
  '';
  nativeBuildInputs = [
    git
    wrk
  ];
  buildPhase = "cargo test --offline --workspace";
  installPhase = "touch $out";
}
