# `nix develop`: everything that `./study test` uses.
{ pkgs, ... }:
{
  default = pkgs.mkShell {
    packages = with pkgs; [
      cargo
      cargo-deny
      clippy
      deadnix
      git
      nixfmt
      oha
      ruff
      rust-analyzer
      rustc
      rustfmt
      shellcheck
      typst
      wrk
    ];
  };
}
