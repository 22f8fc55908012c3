# A server of the module may do nothing but serve.
{ self, ... }:
{
  name = "hardening";
  nodes.machine = {
    imports = [ self.nixosModules.server ];
    study.servers.kio-uring.cpus = "0";
  };
  testScript = builtins.readFile ./hardening.py;
}
