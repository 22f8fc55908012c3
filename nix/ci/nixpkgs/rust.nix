# `buildRustPackage` with the host's toolchain. The crates come from the folder NIX_CI_CARGO_HOME, which
# cargo has filled by the lock file before; no build has a network. NIX_CI_TARGET, a target directory
# outside of the build, spares what was compiled before.
{ run }:
let
  profileOf = buildType: if buildType == "debug" then "" else "--profile ${buildType}";
in
{
  pname,
  version,
  src,
  cargoLock,
  cargoRoot ? ".",
  buildType ? "release",
  cargoBuildFlags ? [ ],
  nativeBuildInputs ? [ ],
  postPatch ? "",
  postConfigure ? "",
  buildPhase ? "cargo build --offline ${profileOf buildType} ${toString cargoBuildFlags}",
  installPhase ? ''
    mkdir -p "$out/bin"
    find "$built" -maxdepth 1 -type f -executable -newer started -exec cp -t "$out/bin" {} +
  '',
  meta ? { },
  KIO_SUBJECTS ? "",
  # Of nixpkgs' other arguments none changes anything here.
  ...
}:
run "${pname}-${version}"
  {
    inherit
      src
      meta
      nativeBuildInputs
      KIO_SUBJECTS
      ;
    CARGO_HOME = builtins.getEnv "NIX_CI_CARGO_HOME";
    NIX_CI_TARGET = builtins.getEnv "NIX_CI_TARGET";
    lockFile = cargoLock.lockFile;
  }
  ''
    cp -r "$src" source
    chmod -R u+w source
    cd source
    ${postPatch}
    cd ${cargoRoot}
    cmp Cargo.lock "$lockFile" || { echo 'error: Cargo.lock of the source is not cargoLock.lockFile' >&2; exit 1; }
    export CARGO_TARGET_DIR=''${NIX_CI_TARGET:-$PWD/target}
    built=$CARGO_TARGET_DIR/${buildType}
    ${postConfigure}
    # Members that are left out leave the lock file; nothing may come into it.
    crates() { awk '/^name = /{n=$3} /^version = /{v=$3} /^checksum = /{print n, v, $3}' "$1" | sort; }
    crates Cargo.lock >locked
    cargo metadata --offline --format-version 1 >/dev/null
    crates Cargo.lock | comm -13 locked - >unlocked
    if [ -s unlocked ]; then
      echo 'error: Cargo.lock does not hold what the manifests ask for:' >&2
      cat unlocked >&2
      exit 1
    fi
    touch started
    ${buildPhase}
    ${installPhase}
  ''
