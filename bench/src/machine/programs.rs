//! What was run: the checkout, how its programs were built, which compilers a binary names.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use object::{Object, ObjectSection};
use records::Build;

/// How this repository's programs were built, as far as the harness was built alike.
pub(super) fn build() -> Build {
    let list = |text: &str| -> Vec<String> {
        let words = text.split(';').filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    };
    let profile = list(env!("BENCH_SERVER_PROFILE"));
    let profile = profile.iter().filter_map(|word| word.split_once('='));
    Build {
        rustc: env!("BENCH_RUSTC").to_owned(),
        target: env!("BENCH_TARGET").to_owned(),
        codegen_options: list(env!("BENCH_CODEGEN_OPTIONS")),
        target_features: list(env!("BENCH_TARGET_FEATURES")),
        server_profile: profile
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect::<BTreeMap<_, _>>(),
    }
}

/// The compilers that an executable names in its own comment; none for a script or a stripped binary.
pub fn compilers(executable: &[u8]) -> Vec<String> {
    let Ok(file) = object::File::parse(executable) else {
        return Vec::new();
    };
    let comment = file.section_by_name(".comment");
    let text = comment.and_then(|section| section.data().ok());
    let text = String::from_utf8_lossy(text.unwrap_or_default());
    let is_compiler = |line: &&str| {
        let makers = [
            "rustc version",
            "GCC:",
            "clang version",
            "Debian clang version",
        ];
        // Some name the folder that they were built in.
        makers.iter().any(|maker| line.starts_with(maker)) && !line.contains('/')
    };
    let mut found: Vec<String> = text
        .split('\0')
        .filter(is_compiler)
        .map(str::to_owned)
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Revision of the checkout around a directory, and whether it has changes; empty outside of one, or
/// without git. What runs and reports leave in the checkout are no changes.
pub(super) fn git(directory: &Path) -> (String, bool) {
    let run = |arguments: &[&str]| {
        let output = Command::new("git")
            .current_dir(directory)
            .args(arguments)
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(text)
    };
    let revision = run(&["rev-parse", "HEAD"]).unwrap_or_default();
    let changes = run(&[
        "status",
        "--porcelain",
        "--",
        ":(top)",
        ":(top,exclude)results",
        ":(top,exclude)out",
    ]);
    let changes = changes.unwrap_or_default();
    (revision, !changes.is_empty())
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use super::*;

    #[test]
    fn this_build_names_its_compiler_and_the_profile_of_what_is_measured() {
        let build = build();
        assert!(build.rustc.starts_with("rustc "), "{build:?}");
        assert!(build.target.contains("linux"), "{build:?}");
        assert_eq!(build.server_profile["lto"], "fat");
        let own = fs::read(env::current_exe().unwrap()).unwrap();
        let compilers = compilers(&own);
        let version = build.rustc.trim_start_matches("rustc ");
        assert!(
            compilers.contains(&format!("rustc version {version}")),
            "{compilers:?}"
        );
        assert!(compilers.iter().all(|line| !line.contains('/')));
    }

    #[test]
    fn what_is_no_executable_names_no_compiler() {
        assert!(compilers(b"#!/bin/sh\n").is_empty());
    }

    #[test]
    fn results_and_reports_do_not_make_a_checkout_dirty() {
        let directory = tempfile::tempdir().unwrap();
        let top = directory.path();
        let run = |arguments: &[&str]| {
            let identity = ["-c", "user.name=n", "-c", "user.email=e@localhost"];
            let mut command = Command::new("git");
            command.current_dir(top).args(identity).args(arguments);
            let output = command.output().unwrap();
            assert!(output.status.success(), "{output:?}");
        };
        let write = |name: &str, text: &str| {
            let path = top.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        run(&["init", "--quiet"]);
        for name in ["source", "results/old", "below/source"] {
            write(name, "1");
        }
        run(&["add", "."]);
        let commit = ["commit", "--quiet", "--no-gpg-sign", "--message", "m"];
        run(&commit);
        assert_eq!(git(top).0.len(), 40);
        assert!(!git(top).1);
        for name in ["results/old", "results/new/file", "out/report"] {
            write(name, "2");
        }
        let below = top.join("below");
        assert!(!git(top).1 && !git(&below).1);
        write("below/results/file", "2");
        assert!(git(top).1, "only those at the top are results");
        fs::remove_dir_all(below.join("results")).unwrap();
        write("source", "2");
        assert!(git(top).1 && git(&below).1);
    }
}
