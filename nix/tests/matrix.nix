# The published matrix inside of a machine. The results folder is the output: a report can be made of it
# by `report.override { results = "${matrix}/virtual-matrix"; }`, and it never joins those of real hosts.
{ self, ... }:
{
  name = "matrix";
  nodes.machine = {
    imports = [ (import ./lib/measuring.nix { inherit self; }) ];
    environment.etc."matrix.toml".source = ./matrix.toml;
  };
  testScript = builtins.readFile ./matrix.py;
}
