# kio-rs's tests on every long-term kernel of nixpkgs that has what they need, and on the newest.
{ lib, pkgs, ... }:
let
  tests = pkgs.callPackage ../test-binaries.nix { };
  # Before it there is neither SINGLE_ISSUER nor a multishot receive.
  oldest = "6.1";
  versions = lib.filterAttrs (
    name: set:
    builtins.match "linux_[0-9]+_[0-9]+" name != null
    # What nixpkgs has removed is there as an error.
    && (builtins.tryEval (lib.isDerivation set.kernel && lib.versionAtLeast set.kernel.version oldest))
      .value
  ) pkgs.linuxKernel.packages;
in
{
  name = "kernels";
  nodes = lib.mapAttrs (_: kernelPackages: {
    boot.kernelPackages = kernelPackages;
    environment.systemPackages = [ tests ];
    virtualisation.cores = 2;
  }) versions;
  testScript = builtins.readFile ./kernels.py;
}
