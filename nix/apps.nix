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
      script ? name,
      runtimeEnv ? { },
    }:
    {
      type = "app";
      program = lib.getExe (
        pkgs.writeShellApplication {
          inherit name runtimeInputs runtimeEnv;
          text = builtins.readFile (./apps + "/${script}.sh");
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
    # A program of its own, since the other runtimes take longer to build than all else.
    bench-peers = measuring // {
      description = "The same with the servers on other runtimes, and nginx: nix run .#bench-peers -- peers";
      script = "bench";
      runtimeInputs = measuring.runtimeInputs ++ [ pkgs.nginx ];
      runtimeEnv.KIO_SUBJECTS = "${
        pkgs.symlinkJoin {
          name = "subjects-and-peers";
          paths = [
            packages.subjects
            packages.peers
          ];
        }
      }/bin";
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
