//! `environment.json`: what was run, and the machines it was run on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::difference::{Difference, between};
use crate::machine::Machine;

/// Programs and machines at the start of a run. Nothing in it names a machine, a user or a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// [`crate::SCHEMA_VERSION`] of the writer.
    pub schema_version: u32,
    /// The load generators' version lines.
    pub load_generator: String,
    /// Git revision of the checkout; empty outside one.
    pub git_revision: String,
    /// Whether the checkout had changes that were not committed.
    pub git_dirty: bool,
    /// How this repository's programs were built.
    pub build: Build,
    /// Subject's name -> the binary that was run.
    pub subjects: BTreeMap<String, SubjectFile>,
    /// The machine, or network namespace, that the servers ran on.
    pub server: Machine,
    /// The one that made the load, where that was another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Machine>,
}

/// How this repository's programs were built, as the harness was told when it was built itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// `rustc --version`.
    pub rustc: String,
    /// The target: `x86_64-unknown-linux-gnu`.
    pub target: String,
    /// Code generation options of `RUSTFLAGS`, such as `target-cpu=native`; empty for the target's own.
    pub codegen_options: Vec<String>,
    /// Processor features the compiler might use.
    pub target_features: Vec<String>,
    /// What the profile that the subjects are built with sets: `lto` -> `fat`.
    pub server_profile: BTreeMap<String, String>,
}

/// A subject's binary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SubjectFile {
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// The compilers that the binary itself names; empty when it names none.
    #[serde(default)]
    pub compilers: Vec<String>,
}

/// Fields that may differ between runs that are repeats of each other: they follow from others, or
/// do not reach what was run.
const IMMATERIAL: [&str; 11] = [
    // What was run is told by its hash.
    "git_revision",
    "git_dirty",
    "build.",
    ".bytes",
    ".compilers",
    // Told by processor and kernel.
    ".hardware",
    ".distribution",
    // A virtual machine has a little more or less at every start, and the harness raises the limit.
    ".memory_bytes",
    ".nofile_soft",
    ".nofile_hard",
    ".memlock_soft_bytes",
];

impl Environment {
    /// In what another run's environment differs from this one's. Runs between which a difference
    /// matters are no repeats of each other.
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        between(self, other, |field| {
            !IMMATERIAL.iter().any(|part| match part.strip_suffix('.') {
                Some(group) => field.starts_with(group),
                None => field == *part || part.starts_with('.') && field.ends_with(part),
            })
        })
    }
}

#[cfg(test)]
mod tests;
