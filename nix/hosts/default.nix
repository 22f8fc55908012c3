# The hosts, by name: `nixos-rebuild --flake .#NAME`, or `nix run .#hetzner`.
{ self, lib }:
lib.mapAttrs
  (
    hostName: role:
    lib.nixosSystem {
      specialArgs = { inherit self; };
      modules = [
        self.nixosModules.bench
        self.nixosModules.tuning
        ./hetzner-arm.nix
        role
        {
          networking = { inherit hostName; };
        }
      ];
    }
  )
  {
    hetzner-arm-server = ./hetzner-arm-server.nix;
    hetzner-arm-client = ./hetzner-arm-client.nix;
  }
