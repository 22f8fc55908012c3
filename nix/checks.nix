# `nix flake check`: every package, the tests of every crate, every file of
# checks/, and every NixOS test of tests/.
{
  self,
  lib,
  pkgs,
  packages,
}:
let
  # The expressions of a directory, by file name without its end.
  room =
    directory:
    lib.mapAttrs' (file: _: lib.nameValuePair (lib.removeSuffix ".nix" file) (directory + "/${file}")) (
      lib.filterAttrs (file: _: lib.hasSuffix ".nix" file) (builtins.readDir directory)
    );
  prefixed = prefix: lib.mapAttrs' (name: value: lib.nameValuePair "${prefix}-${name}" value);

  arguments = {
    inherit packages;
    workspace = pkgs.callPackage ./workspace.nix { };
  };
  check =
    _: file: pkgs.callPackage file (lib.intersectAttrs (lib.functionArgs (import file)) arguments);
  testsOf = pkgs.callPackage ./crate-tests.nix arguments;
  test =
    _: file:
    pkgs.testers.runNixOSTest {
      imports = [ file ];
      _module.args = { inherit self packages; };
    };
in
prefixed "package" packages
// prefixed "tests" (lib.genAttrs arguments.workspace.members testsOf)
// lib.mapAttrs check (room ./checks)
// prefixed "vm" (lib.mapAttrs test (room ./tests))
