# A stand-in for the `nixpkgs` input: what this flake uses of it, on the host's own tools, for a host
# whose Nix is old and that can fetch no nixpkgs. It shows that the flake's wiring holds and that its
# packages build and run. It shows nothing of nixpkgs itself, and evaluates no NixOS module.
{
  outputs =
    _:
    let
      lib = import ./lib.nix;
    in
    {
      lib = lib // {
        # Its modules are only read.
        nixosSystem =
          {
            modules,
            ...
          }:
          {
            config.system.build.toplevel = derivation {
              name = "not-evaluated";
              system = "x86_64-linux";
              builder = "/bin/false";
              parsed = builtins.length (
                builtins.filter (m: builtins.isPath m && builtins.isFunction (import m)) modules
              );
            };
          };
      };
      legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (
        system: import ./packages.nix { inherit lib system; }
      );
    };
}
