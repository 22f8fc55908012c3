# The servers' systemd unit as text, as far as it is about what they are not allowed.
let
  allowed = import ../nix/modules/hardening.nix;
  word = value: if builtins.isBool value then (if value then "yes" else "no") else value;
  values = name: if builtins.isList allowed.${name} then allowed.${name} else [ allowed.${name} ];
  lines = name: map (value: "${name}=${word value}\n") (values name);
in
"[Service]\nExecStart=/bin/true\n"
+ builtins.concatStringsSep "" (builtins.concatMap lines (builtins.attrNames allowed))
