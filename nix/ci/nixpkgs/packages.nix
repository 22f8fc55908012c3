# Of nixpkgs' packages what the flake uses: the host's programs under the names of nixpkgs, and builders
# for the little that is really built.
{ lib, system }:
let
  rustBin = builtins.getEnv "NIX_CI_RUST_BIN";
  path = "${rustBin}:/usr/local/bin:/usr/bin:/bin:/usr/sbin";

  # A derivation by a script of bash. `nativeBuildInputs` come first in its PATH.
  run =
    name: attributes: script:
    let
      built = derivation (
        removeAttrs attributes [
          "meta"
          "passthru"
        ]
        // {
          inherit name system script;
          passAsFile = [ "script" ] ++ (attributes.passAsFile or [ ]);
          builder = "/bin/bash";
          args = [
            "-euo"
            "pipefail"
            "-c"
            ''
              export PATH="${lib.makeBinPath (attributes.nativeBuildInputs or [ ])}:${path}" HOME=$PWD
              . "$scriptPath"
            ''
          ];
        }
      );
    in
    built // { meta = attributes.meta or { }; } // (attributes.passthru or { });

  # The host's programs, looked up when they are used.
  host =
    name: programs:
    run name { meta.mainProgram = builtins.head programs; } ''
      mkdir -p "$out/bin"
      for program in ${toString programs}; do
        printf '#!/bin/bash\nPATH=${path}; exec %s "$@"\n' "$program" >"$out/bin/$program"
        chmod +x "$out/bin/$program"
      done
    '';
  hosts = lib.mapAttrs host {
    cargo = [ "cargo" ];
    cargo-deny = [ "cargo-deny" ];
    clippy = [ "cargo-clippy" ];
    cmake = [ "cmake" ];
    # The host's own are in every PATH here.
    coreutils = [
      "true"
      "false"
    ];
    deadnix = [ "deadnix" ];
    findutils = [ "find" ];
    git = [ "git" ];
    gnused = [ "sed" ];
    hcloud = [ "hcloud" ];
    iproute2 = [ "ip" ];
    jq = [ "jq" ];
    liburing = [ "true" ];
    nginx = [ "nginx" ];
    nixfmt = [ "nixfmt" ];
    nixfmt-tree = [ "nixfmt" ];
    nixos-anywhere = [ "nixos-anywhere" ];
    oha = [ "oha" ];
    openssh = [
      "ssh"
      "scp"
    ];
    pkg-config = [ "pkg-config" ];
    ruff = [ "ruff" ];
    rust-analyzer = [ "rust-analyzer" ];
    rustc = [ "rustc" ];
    rustfmt = [ "rustfmt" ];
    shellcheck = [ "shellcheck" ];
    wrk = [ "wrk" ];
  };

  callPackage =
    file: arguments:
    let
      function = import file;
      call = given: function (lib.intersectAttrs (lib.functionArgs function) all // given);
      result = call arguments;
    in
    if builtins.isFunction result then
      result
    else
      result // { override = changes: call (arguments // changes); };

  # TOML has JSON's strings, numbers and lists, and `=` in its inline tables.
  toTOML =
    value:
    if builtins.isAttrs value then
      "{ ${
        lib.concatStringsSep ", " (lib.mapAttrsToList (k: v: "${builtins.toJSON k} = ${toTOML v}") value)
      } }"
    else if builtins.isList value then
      "[ ${lib.concatStringsSep ", " (map toTOML value)} ]"
    else
      builtins.toJSON value;

  all = hosts // {
    inherit callPackage lib;
    stdenv.hostPlatform = { inherit system; };
    pkgs = all;
    runtimeShell = "/bin/bash";
    # The host's, or that of a package which was installed into the target directory before.
    typst =
      run "typst"
        {
          paper = builtins.path {
            path = builtins.getEnv "NIX_CI_PAPER";
            name = "paper";
          };
        }
        ''
          mkdir -p "$out/bin"
          printf '#!/bin/sh\nPATH=${path} CARGO_TARGET_DIR=%s exec %s/typst "$@"\n' \
            "${builtins.getEnv "NIX_CI_TARGET"}" "$paper" >"$out/bin/typst"
          chmod +x "$out/bin/typst"
        '';
    # No machine is started, on whatever kernel.
    linuxKernel.packages = { };

    runCommand = run;
    # The source is out of reach: only what is said about it is there.
    fetchFromGitHub =
      { hash, ... }@source:
      assert builtins.match "sha256-[A-Za-z0-9+/]{43}=" hash != null;
      source;
    clangStdenv.mkDerivation =
      {
        pname,
        version,
        src,
        meta,
        ...
      }:
      run "${pname}-${version}" { inherit meta; } ''
        mkdir "$out"
        echo '${src.owner}/${src.repo} at ${src.rev}: not built by this layer' >"$out/README"
      '';
    rustPlatform.buildRustPackage = import ./rust.nix { inherit run; };
    formats.toml = _: {
      generate =
        name: table:
        builtins.toFile name (
          lib.concatStringsSep "" (lib.mapAttrsToList (k: v: "${builtins.toJSON k} = ${toTOML v}\n") table)
        );
    };
    symlinkJoin =
      { name, paths }:
      run name { } ''
        mkdir "$out"
        for path in ${toString paths}; do cp -rs --no-preserve=mode "$path/." "$out"; done
      '';
    mkShell =
      { packages }: run "nix-shell" { PATH = lib.makeBinPath packages; } ''echo "$PATH" >"$out"'';
    writeShellApplication =
      {
        name,
        text,
        runtimeInputs ? [ ],
        runtimeEnv ? { },
      }:
      run name
        {
          meta.mainProgram = name;
          passAsFile = [ "text" ];
          text = ''
            #!/bin/bash
            set -o errexit -o nounset -o pipefail
            export PATH="${lib.makeBinPath runtimeInputs}:$PATH"
            ${lib.concatStringsSep "\n" (lib.mapAttrsToList (k: v: "export ${k}='${v}'") runtimeEnv)}
            ${text}
          '';
        }
        ''
          install -D -m 555 "$textPath" "$out/bin/${name}"
          bash -n "$out/bin/${name}"
          if command -v shellcheck >/dev/null; then shellcheck "$out/bin/${name}"; fi
        '';
    # What it would hold, unpacked.
    dockerTools.buildLayeredImage =
      {
        name,
        tag,
        contents,
        config,
      }:
      run "${name}-${tag}" { config = builtins.toJSON config; } ''
        mkdir "$out"
        for path in ${toString contents}; do cp -rs --no-preserve=mode "$path/." "$out"; done
        test -x "$out/bin/kio-rs"
        printf '%s\n' "$config" >"$out/config.json"
      '';
    # No machine is started: the script must be there and be Python.
    testers.runNixOSTest =
      module:
      let
        file = builtins.head module.imports;
        test = import file (
          {
            inherit lib;
            pkgs = all;
            runtimeShell = "/bin/bash";
            # No machine is started, on whatever kernel.
            linuxKernel.packages = { };
            config = { };
          }
          // module._module.args
        );
      in
      assert builtins.isString test.name && builtins.isAttrs test.nodes;
      run "vm-test-${test.name}"
        {
          passAsFile = [ "testScript" ];
          inherit (test) testScript;
        }
        ''
          python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$testScriptPath"
          cp "$testScriptPath" "$out"
        '';
  };
in
all
