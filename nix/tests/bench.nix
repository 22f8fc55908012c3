# Two machines: the client measures what it starts on the server by ssh, and computes the report.
{ self, ... }:
{
  name = "bench";
  nodes = {
    client.imports = [ (import ./lib/measuring.nix { inherit self; }) ];
    server = {
      imports = [ (import ./lib/measuring.nix { inherit self; }) ];
      services.openssh.enable = true;
      # The port of every server is the harness's choice.
      networking.firewall.enable = false;
    };
  };
  testScript = builtins.readFile ./bench.py;
}
