//! Notes how this build is made, for `environment.json`: compiler, options, and the profile that what is
//! measured is built with.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::process::Command;

const WORKSPACE: &str = "../Cargo.toml";
/// Code generation options that change the machine code and hold no path.
const OPTIONS: [&str; 10] = [
    "code-model",
    "codegen-units",
    "force-frame-pointers",
    "lto",
    "opt-level",
    "overflow-checks",
    "panic",
    "relocation-model",
    "target-cpu",
    "target-feature",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={WORKSPACE}");
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let output = Command::new(rustc).arg("--version").output();
    let version = output.map_or_else(
        |_| "rustc of unknown version".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    note("RUSTC", &version);
    note("TARGET", &env::var("TARGET").unwrap_or_default());
    note("CODEGEN_OPTIONS", &codegen_options().join(";"));
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    note("TARGET_FEATURES", &features.replace(',', ";"));
    note("SERVER_PROFILE", &server_profile().unwrap_or_default());
}

fn note(name: &str, value: &str) {
    println!("cargo::rustc-env=BENCH_{name}={value}");
}

fn codegen_options() -> Vec<String> {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let words = flags.split('\u{1f}');
    let options = words.map(|word| {
        let word = word.strip_prefix("--codegen=").unwrap_or(word);
        word.strip_prefix("-C").unwrap_or(word)
    });
    let known = options.filter(|option| {
        let name = option.split('=').next().unwrap_or_default();
        OPTIONS.contains(&name)
    });
    known.map(str::to_owned).collect()
}

/// What the profiles `release` and `server` set, the latter over the former.
fn server_profile() -> Option<String> {
    let text = fs::read_to_string(WORKSPACE).ok()?;
    let workspace: toml::Table = text.parse().ok()?;
    let profiles = workspace.get("profile")?;
    let set = ["release", "server"].map(|name| profiles.get(name).and_then(toml::Value::as_table));
    let mut merged = BTreeMap::new();
    for (name, value) in set.into_iter().flatten().flatten() {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        merged.insert(name.clone(), value);
    }
    let words: Vec<String> = merged
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    Some(words.join(";"))
}
