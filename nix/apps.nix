# `nix run .#NAME`: what runs outside of any build, above all every measurement.
{
  self,
  lib,
  pkgs,
  packages,
}:
let
  # A script beside this file, with the tools that it calls and nothing else to find them by.
  application =
    name:
    {
      description,
      runtimeInputs,
      runtimeEnv ? { },
    }:
    {
      type = "app";
      program = lib.getExe (
        pkgs.writeShellApplication {
          inherit name runtimeInputs runtimeEnv;
          text = builtins.readFile (./apps + "/${name}.sh");
        }
      );
      meta = { inherit description; };
    };

  measuring = {
    runtimeInputs = [
      packages.bench
      packages.analysis
      pkgs.coreutils
      pkgs.git
      pkgs.iproute2
      pkgs.oha
      pkgs.openssh
      pkgs.wrk
    ];
    runtimeEnv.KIO_SUBJECTS = "${packages.subjects}/bin";
  };

  apps = lib.mapAttrs application {
    bench = measuring // {
      description = "Measure on this machine, write the report and print its path";
    };
    doctor = measuring // {
      description = "Whether this machine is fit to measure on, and what to do about it";
    };
    report = {
      description = "Write the report of results folders and print its path";
      runtimeInputs = [
        packages.analysis
        pkgs.coreutils
        pkgs.findutils
      ];
    };
    hetzner = {
      description = "Two Hetzner ARM machines: create, measure, fetch, destroy";
      runtimeInputs = [
        pkgs.coreutils
        pkgs.gnused
        pkgs.hcloud
        pkgs.jq
        pkgs.nixos-anywhere
        pkgs.openssh
      ];
      runtimeEnv.FLAKE = "${self}";
    };
  };
in
apps // { default = apps.bench; }
