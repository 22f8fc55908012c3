# The crates of the workspace as packages. Each is built from its own sources and those of the members
# it depends on, so that a change elsewhere, as in the analysis, leaves a server's store path as it is.
{
  lib,
  rustPlatform,
  formats,
}:
let
  root = ../.;
  manifest = lib.importTOML (root + "/Cargo.toml");
  inherit (manifest.workspace) members;

  # A member's directory has the name of its crate.
  dependenciesOf =
    member:
    let
      crate = lib.importTOML (root + "/${member}/Cargo.toml");
      all = (crate.dependencies or { }) // (crate.dev-dependencies or { });
    in
    lib.intersectLists members (lib.attrNames all);

  closureOf =
    crates:
    let
      entries = map (key: {
        inherit key;
      });
    in
    map (entry: entry.key) (
      builtins.genericClosure {
        startSet = entries crates;
        operator = entry: entries (dependenciesOf entry.key);
      }
    );

  # What a crate includes in its binary from outside of its own directory, and what it does not.
  beside = {
    analysis = [ (root + "/results/published") ];
    bench = [ (root + "/bench/peers/arms.toml") ];
  };
  apart = {
    bench = root + "/bench/peers";
  };
  filesOf =
    member:
    let
      all = root + "/${member}";
      own = if apart ? ${member} then lib.fileset.difference all apart.${member} else all;
    in
    lib.fileset.unions ([ own ] ++ (beside.${member} or [ ]));

  # The workspace's manifest with these members only: cargo refuses one that names absent members.
  manifestOf =
    members:
    (formats.toml { }).generate "Cargo.toml" (
      manifest
      // {
        workspace = manifest.workspace // {
          inherit members;
          default-members = members;
        };
      }
    );

  # A derivation over the sources of some crates and what they depend on.
  build =
    {
      crates,
      files ? [ ],
      meta ? { },
      ...
    }@arguments:
    let
      needed = closureOf crates;
    in
    rustPlatform.buildRustPackage (
      {
        inherit (manifest.workspace.package) version;
        src = lib.fileset.toSource {
          inherit root;
          fileset = lib.fileset.unions ([ (root + "/Cargo.lock") ] ++ files ++ map filesOf needed);
        };
        cargoLock.lockFile = root + "/Cargo.lock";
        postPatch = "cp ${manifestOf needed} Cargo.toml";
        # Tests are a check of their own, so that a package is not built twice.
        doCheck = false;
      }
      // removeAttrs arguments [
        "crates"
        "files"
      ]
      // {
        meta = {
          license = [
            lib.licenses.mit
            lib.licenses.asl20
          ];
          platforms = lib.platforms.linux;
        }
        // meta;
      }
    );

  crate =
    buildType: name:
    build {
      crates = [ name ];
      pname = name;
      inherit buildType;
      cargoBuildFlags = [ "--package=${name}" ];
      meta = {
        inherit ((lib.importTOML (root + "/${name}/Cargo.toml")).package) description;
      }
      // lib.optionalAttrs (builtins.pathExists (root + "/${name}/src/main.rs")) { mainProgram = name; };
    };
in
{
  inherit build members;

  # What is measured.
  measured = crate "server";
  # What measures and what computes, in the profile in which `./study` builds them too.
  tool = crate "debug";
}
