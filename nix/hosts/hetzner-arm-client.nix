# The side that makes the load and records.
{ pkgs, ... }:
{
  environment.systemPackages = [ pkgs.git ];
  systemd.tmpfiles.rules = [ "d /var/lib/study 0755 root root" ];
}
