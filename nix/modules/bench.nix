# A host that measures, or serves for one that does (`bench run --host ssh://USER@HOST`): the harness
# and what it calls by name are in PATH, and it knows where the servers are.
{ self }:
{ pkgs, ... }:
let
  packages = self.packages.${pkgs.stdenv.hostPlatform.system};
in
{
  environment.systemPackages = [
    packages.bench
    packages.analysis
    pkgs.iproute2
    pkgs.oha
    pkgs.wrk
  ];
  # Of the session, not only of login shells: commands that come by ssh have it too.
  environment.sessionVariables.KIO_SUBJECTS = "${packages.subjects}/bin";
}
