# A Hetzner CAX31: 8 Neoverse-N1 processors under QEMU, started by UEFI, one disk.
{
  lib,
  modulesPath,
  pkgs,
  ...
}:
let
  partition = pkgs.writeShellApplication {
    name = "partition";
    runtimeInputs = with pkgs; [
      dosfstools
      e2fsprogs
      gptfdisk
      systemd
      util-linux
    ];
    runtimeEnv.disk = "/dev/sda";
    text = builtins.readFile ./partition.sh;
  };
in
{
  imports = [ (modulesPath + "/profiles/qemu-guest.nix") ];

  nixpkgs.hostPlatform = lib.mkDefault "aarch64-linux";
  system.stateVersion = "26.05";
  study.tuning.enable = true;

  boot.loader.systemd-boot.enable = true;
  # The machine forgets what an installer writes to the firmware's variables.
  boot.loader.efi.canTouchEfiVariables = false;

  fileSystems."/" = {
    device = "/dev/disk/by-partlabel/root";
    fsType = "ext4";
  };
  fileSystems."/boot" = {
    device = "/dev/disk/by-partlabel/boot";
    fsType = "vfat";
    options = [ "umask=0077" ];
  };

  # What nixos-anywhere runs before it installs: two partitions, made and mounted.
  system.build.diskoScript = pkgs.writeShellScript "partition" ''
    exec ${lib.getExe partition}
  '';

  networking = {
    useDHCP = true;
    # The addresses that `nix run .#hetzner` gives them in their private network.
    hosts = {
      "10.0.0.2" = [ "server" ];
      "10.0.0.3" = [ "client" ];
    };
    # Tracking connections costs processor time a packet. Nothing but sshd listens on the public side.
    firewall.enable = false;
  };
  services.openssh = {
    enable = true;
    settings.PasswordAuthentication = false;
    settings.PermitRootLogin = "prohibit-password";
  };

  # Neither a manual nor anything else that wakes up in a window.
  documentation.enable = false;
  services.fstrim.enable = false;
}
