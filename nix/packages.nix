# Every package of the study, by name.
{ lib, pkgs, ... }:
let
  workspace = pkgs.callPackage ./workspace.nix { };
in
lib.fix (
  packages:
  lib.genAttrs [ "kio-rs" "tokio-baseline" "floors" "flood" ] workspace.measured
  // lib.genAttrs [ "bench" "analysis" ] workspace.tool
  // {
    # The servers as `bench --subjects` takes them: one directory.
    subjects = pkgs.symlinkJoin {
      name = "subjects";
      paths = [
        packages.kio-rs
        packages.tokio-baseline
        packages.floors
        packages.flood
      ];
    };
    peers = pkgs.callPackage ./peers.nix { };
    kio-cpp = pkgs.callPackage ./kio-cpp.nix { };
    report = pkgs.callPackage ./report.nix { inherit (packages) analysis; };
    image = pkgs.callPackage ./image.nix { inherit (packages) subjects; };
    default = packages.report;
  }
  // lib.optionalAttrs (builtins.pathExists ../paper) {
    paper = pkgs.callPackage ./paper.nix { inherit (packages) report; };
  }
)
