# Hello servers on other runtimes: a workspace of its own that uses crates of the study's.
{ lib, rustPlatform }:
let
  root = ../.;
  peers = root + "/bench/peers";
in
rustPlatform.buildRustPackage {
  pname = "peers";
  inherit ((lib.importTOML (peers + "/Cargo.toml")).workspace.package) version;
  src = lib.fileset.toSource {
    inherit root;
    fileset = lib.fileset.unions [
      peers
      (root + "/Cargo.toml")
      (root + "/conformance")
      (root + "/hello-http")
      (root + "/server-kit")
    ];
  };
  cargoRoot = "bench/peers";
  buildAndTestSubdir = "bench/peers";
  cargoLock.lockFile = peers + "/Cargo.lock";
  # The arms' own workspace holds the tests; they need nginx and a network of their own.
  doCheck = false;
  buildType = "server";
  meta = {
    description = "The hello server on monoio, glommio, compio, may, hyper and nginx";
    license = [
      lib.licenses.mit
      lib.licenses.asl20
    ];
    platforms = lib.platforms.linux;
  };
}
