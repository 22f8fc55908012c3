# Of nixpkgs' library what the flake uses.
rec {
  inherit (builtins)
    attrNames
    concatStringsSep
    elem
    filter
    functionArgs
    intersectAttrs
    listToAttrs
    mapAttrs
    ;

  fix =
    f:
    let
      x = f x;
    in
    x;
  nameValuePair = name: value: { inherit name value; };
  genAttrs = names: f: builtins.listToAttrs (map (name: nameValuePair name (f name)) names);
  mapAttrs' = f: set: builtins.listToAttrs (map (name: f name set.${name}) (attrNames set));
  mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
  filterAttrs = keep: set: removeAttrs set (filter (name: !keep name set.${name}) (attrNames set));
  optionalAttrs = condition: set: if condition then set else { };
  optional = condition: item: if condition then [ item ] else [ ];
  intersectLists = wanted: filter (item: elem item wanted);
  hasSuffix =
    suffix: text:
    let
      from = builtins.stringLength text - builtins.stringLength suffix;
    in
    from >= 0 && builtins.substring from (-1) text == suffix;
  removeSuffix =
    suffix: text:
    if hasSuffix suffix text then
      builtins.substring 0 (builtins.stringLength text - builtins.stringLength suffix) text
    else
      text;
  importTOML = path: builtins.fromTOML (builtins.readFile path);
  makeBinPath = packages: concatStringsSep ":" (map (package: "${package}/bin") packages);
  getExe = package: "${package}/bin/${package.meta.mainProgram or package.name}";
  licenses = genAttrs [ "mit" "asl20" ] (name: name);
  platforms.linux = [
    "x86_64-linux"
    "aarch64-linux"
  ];

  # Of modules only what is needed to read them.
  modules.importApply = file: import file;
  mkEnableOption = description: { inherit description; };
  mkDefault = content: content;
  mkIf = condition: content: if condition then content else { };

  # A file set is a predicate over path names here; a path stands for itself and what is below it.
  fileset =
    let
      below =
        inner: outer: builtins.substring 0 (builtins.stringLength outer + 1) (inner + "/") == outer + "/";
      set = s: if builtins.isFunction s then s else file: below file (toString s);
      # A directory belongs to a source when something of it may.
      reaches = s: if builtins.isFunction s then s else file: set s file || below (toString s) file;
    in
    {
      unions = sets: file: builtins.any (s: reaches s file) sets;
      difference =
        from: without: file:
        reaches from file && !set without file;
      toSource =
        { root, fileset }:
        builtins.path {
          name = "source";
          path = root;
          filter = file: _: reaches fileset file;
        };
    };
}
