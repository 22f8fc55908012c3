//! What the library brings along.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

#[test]
fn the_library_needs_nothing_that_only_the_server_does() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--package", "kio-rs"])
        .args(["--no-default-features", "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    let refusal = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{refusal}");
    let packages: Vec<&str> = tree.lines().filter_map(|l| l.split(' ').next()).collect();
    for needed in ["kio-rs", "io-uring", "nix", "server-kit", "tracing"] {
        assert!(
            packages.contains(&needed),
            "{needed} is not in {packages:?}"
        );
    }
    for unneeded in [
        "clap",
        "anyhow",
        "signal-hook",
        "hello-http",
        "serde",
        "tracing-subscriber",
    ] {
        assert!(
            !packages.contains(&unneeded),
            "the library needs {unneeded}"
        );
    }
}
