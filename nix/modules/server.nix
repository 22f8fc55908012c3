# `study.servers.NAME`: an arm of the study as a systemd unit. It runs as a user of its own that is
# made for it and owns nothing.
{ self }:
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkOption types;
  packages = self.packages.${pkgs.stdenv.hostPlatform.system};
  settings = lib.importTOML ../../bench/settings.toml;

  server =
    { name, ... }:
    {
      options = {
        arm = mkOption {
          type = types.str;
          default = name;
          description = "The arm, one of `bench arms`.";
        };
        address = mkOption {
          type = types.str;
          default = "127.0.0.1";
          description = "The address to listen on.";
        };
        port = mkOption {
          # Below, a port takes a capability that no server has here.
          type = types.ints.between 1024 65535;
          default = 8080;
          description = "The port to listen on.";
        };
        workers = mkOption {
          type = types.ints.positive;
          default = 1;
          description = "Worker threads.";
        };
        cpus = mkOption {
          type = types.str;
          default = "none";
          example = "0-3";
          description = "The processors that the server is confined to, or `none`.";
        };
        openFirewall = mkOption {
          type = types.bool;
          default = false;
          description = "Whether other hosts can reach the port.";
        };
      };
    };

  unit = cfg: {
    description = "The study's server ${cfg.arm}";
    wantedBy = [ "multi-user.target" ];
    wants = [ "network-online.target" ];
    after = [ "network-online.target" ];
    serviceConfig = {
      ExecStart = utils.escapeSystemdExecArgs [
        (lib.getExe packages.bench)
        "serve"
        cfg.arm
        "--subjects=${packages.subjects}/bin"
        "--listen=${cfg.address}:${toString cfg.port}"
        "--workers=${toString cfg.workers}"
        "--cpus=${cfg.cpus}"
      ];
      Restart = "on-failure";
      LimitNOFILE = settings.nofile_at_least;
      # Rings count before Linux 5.12, and registered buffers always do.
      LimitMEMLOCK = "64M";
    }
    // import ./hardening.nix;
  };
in
{
  options.study.servers = mkOption {
    type = types.attrsOf (types.submodule server);
    default = { };
    example.kio-uring.workers = 4;
    description = "The study's servers that this host runs.";
  };

  config = {
    systemd.services = lib.mapAttrs' (
      name: cfg: lib.nameValuePair "server-${name}" (unit cfg)
    ) config.study.servers;
    networking.firewall.allowedTCPPorts = lib.mapAttrsToList (_: cfg: cfg.port) (
      lib.filterAttrs (_: cfg: cfg.openFirewall) config.study.servers
    );
  };
}
