# `nix fmt`
{ pkgs, ... }: pkgs.nixfmt-tree
