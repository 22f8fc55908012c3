# The settings of bench/settings.toml, which `bench doctor` judges this host by.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  settings = lib.importTOML ../../bench/settings.toml;
in
{
  options.study.tuning.enable = lib.mkEnableOption "the kernel settings that the study measures with";

  config = lib.mkIf config.study.tuning.enable {
    boot.kernelPackages = lib.mkDefault pkgs.linuxPackages_6_18;
    boot.kernel.sysctl = lib.listToAttrs (
      map (setting: lib.nameValuePair setting.name setting.value) settings.sysctl
    );

    powerManagement.cpuFreqGovernor = lib.mkDefault "performance";

    # Of sessions, which start the load generator, and of units, which start servers.
    security.pam.loginLimits = [
      {
        domain = "*";
        type = "-";
        item = "nofile";
        value = toString settings.nofile_at_least;
      }
    ];
    systemd.settings.Manager.DefaultLimitNOFILE = settings.nofile_at_least;
  };
}
