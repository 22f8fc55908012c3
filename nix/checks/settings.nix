# The module sets all that `bench doctor` looks after, and nothing else: both read one file.
{
  lib,
  pkgs,
  runCommand,
  jq,
  packages,
}:
let
  module = import ../modules/tuning.nix {
    inherit lib pkgs;
    config.study.tuning.enable = true;
  };
  # `mkIf` of the library, or its content.
  config = module.config.content or module.config;
in
runCommand "settings"
  {
    nativeBuildInputs = [
      jq
      packages.bench
    ];
    sysctls = builtins.toJSON config.boot.kernel.sysctl;
  }
  ''
    printf '%s' "$sysctls" | jq -r 'keys[]' | sort >set
    # Its status says whether this machine is fit, which is not the question.
    bench doctor --json >findings || test -s findings
    jq -r '.[].check' findings | grep -E '^[a-z]+[.]' | sort >looked-after
    diff set looked-after
    touch $out
  ''
