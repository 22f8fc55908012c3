# The settings of bench/settings.toml, which `bench doctor` judges this host by.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  settings = lib.importTOML ../../bench/settings.toml;
  governor = builtins.head (
    lib.filter (setting: setting.name == "frequency governor") settings.sysfs
  );
in
{
  options.study.tuning.enable = lib.mkEnableOption "the kernel settings that the study measures with";

  config = lib.mkIf config.study.tuning.enable {
    boot.kernelPackages = lib.mkDefault pkgs.linuxPackages_6_18;
    boot.kernel.sysctl = lib.listToAttrs (
      map (setting: lib.nameValuePair setting.name setting.value) settings.sysctl
    );

    # A virtual machine may have none of these files, and its boot is to go on all the same.
    systemd.tmpfiles.rules = map (
      setting: "w- /sys/${setting.path} - - - - ${setting.value}"
    ) settings.sysfs;
    # Which also loads the governor's module.
    powerManagement.cpuFreqGovernor = lib.mkDefault governor.value;

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
