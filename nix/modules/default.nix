# The study's NixOS modules.
{ self, lib }:
{
  # Everything that a measuring host needs, in PATH.
  bench = lib.modules.importApply ./bench.nix { inherit self; };
  # A systemd unit a server.
  server = lib.modules.importApply ./server.nix { inherit self; };
  # The kernel settings that `bench doctor` looks after.
  tuning.imports = [ ./tuning.nix ];
}
