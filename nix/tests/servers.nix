# Every arm of the study answers byte for byte, and as a unit of the module those that a host names.
{ self, ... }:
{
  name = "servers";
  nodes.machine = {
    imports = with self.nixosModules; [
      bench
      server
      tuning
    ];
    study.tuning.enable = true;
    study.servers = {
      kio-uring.port = 8080;
      tokio-published.port = 8081;
      epoll-floor.port = 8082;
    };
    virtualisation.cores = 2;
    virtualisation.memorySize = 2048;
  };
  testScript = builtins.readFile ./servers.py;
}
