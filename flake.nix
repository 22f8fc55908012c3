{
  description = "Is a thread-per-core io_uring HTTP server really faster than Tokio? The study, pinned";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;

      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];

      # What a room gets: the package set of a system, the study's packages on it, and this flake.
      each =
        room:
        lib.genAttrs systems (
          system:
          import room {
            inherit self lib;
            pkgs = nixpkgs.legacyPackages.${system};
            packages = self.packages.${system};
          }
        );
    in
    {
      packages = each ./nix/packages.nix;
      apps = each ./nix/apps.nix;
      checks = each ./nix/checks.nix;
      devShells = each ./nix/shells.nix;
      formatter = each ./nix/formatter.nix;

      nixosModules = import ./nix/modules { inherit self lib; };
      nixosConfigurations = import ./nix/hosts { inherit self lib; };
    };
}
