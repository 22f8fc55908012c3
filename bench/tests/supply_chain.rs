//! What of others is executed when the study is built: `docs/supply-chain.md` names every crate that
//! has a build script, with its version, so that a new one is looked at before it runs anywhere else.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const MANIFESTS: [&str; 3] = ["Cargo.toml", "bench/peers/Cargo.toml", "fuzz/Cargo.toml"];
const BEGIN: &str = "<!-- build-scripts:begin -->";
const END: &str = "<!-- build-scripts:end -->";

fn metadata(root: &Path, manifest: &str) -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--locked",
            "--format-version",
            "1",
            "--manifest-path",
        ])
        .arg(root.join(manifest))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{manifest}: {errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Crates of registries with a target of that kind, and their versions.
fn crates_with(metadata: &Value, kind: &str) -> BTreeSet<String> {
    let packages = metadata["packages"].as_array().unwrap().iter();
    let has_kind = |package: &&Value| {
        let targets = package["targets"].as_array().unwrap();
        let kinds = targets
            .iter()
            .filter_map(|target| target["kind"].as_array());
        kinds.flatten().any(|found| found == kind)
    };
    packages
        .filter(|package| !package["source"].is_null())
        .filter(has_kind)
        .map(|package| {
            let word = |field: &str| package[field].as_str().unwrap();
            format!("{} {}", word("name"), word("version"))
        })
        .collect()
}

#[test]
fn every_crate_with_a_build_script_is_named_in_the_policy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = BTreeSet::new();
    for manifest in MANIFESTS {
        found.append(&mut crates_with(&metadata(root, manifest), "custom-build"));
    }
    let policy = fs::read_to_string(root.join("docs/supply-chain.md")).unwrap();
    let (_, rest) = policy.split_once(BEGIN).unwrap();
    let (list, _) = rest.split_once(END).unwrap();
    let named: BTreeSet<String> = list
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|crate_and_version| crate_and_version.replace('\n', " "))
        .collect();
    let new: Vec<_> = found.difference(&named).collect();
    let gone: Vec<_> = named.difference(&found).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "build scripts to read and to name in docs/supply-chain.md: {new:?}; no longer there: {gone:?}"
    );
}

#[test]
fn every_crate_comes_from_the_registry_or_from_this_repository() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for manifest in MANIFESTS {
        for package in metadata(root, manifest)["packages"].as_array().unwrap() {
            let source = package["source"].as_str();
            let registry = "registry+https://github.com/rust-lang/crates.io-index";
            let path = package["manifest_path"].as_str().unwrap();
            let own = source.is_none() && Path::new(path).starts_with(root);
            assert!(own || source == Some(registry), "{path}: {source:?}");
        }
    }
}
