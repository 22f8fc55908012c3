//! `environment.json`: the machine a run was made on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The machine and its settings at the start of a run. Nothing in it names the machine or a path on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// [`crate::SCHEMA_VERSION`] of the writer.
    pub schema_version: u32,
    /// A short name of the hardware, fit for a folder's name: `intel-xeon-2c`.
    pub hardware: String,
    /// Processor as the kernel names it.
    pub cpu_model: String,
    /// Processors online.
    pub cpus: u32,
    /// Threads a core.
    pub threads_per_core: u32,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// `x86_64`, `aarch64`, ...
    pub architecture: String,
    /// `kvm`, `qemu`, `none`, ... as far as it can be seen.
    pub virtualization: String,
    /// Kernel release: `6.18.44`.
    pub kernel_release: String,
    /// The kernel's full version string.
    pub kernel_version: String,
    /// The distribution, from `os-release`.
    pub distribution: String,
    /// The kernel's clock source.
    pub clocksource: String,
    /// Frequency governor of processor 0; empty where there is none.
    pub cpu_governor: String,
    /// CPU vulnerability -> what the kernel does about it.
    pub mitigations: BTreeMap<String, String>,
    /// Kernel setting -> value, for those that matter to the measurement.
    pub sysctls: BTreeMap<String, String>,
    /// Soft limit of open files.
    pub nofile_soft: u64,
    /// Hard limit of open files.
    pub nofile_hard: u64,
    /// Soft limit of locked memory in bytes; absent when unlimited.
    pub memlock_soft_bytes: Option<u64>,
    /// The load generator's version line.
    pub load_generator: String,
    /// `rustc --version` that built the harness.
    pub rustc: String,
    /// Git revision of the checkout; empty outside one.
    pub git_revision: String,
    /// Whether the checkout had changes that were not committed.
    pub git_dirty: bool,
    /// Subject's name -> the binary that was run.
    pub subjects: BTreeMap<String, SubjectFile>,
}

/// A subject's binary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectFile {
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
}
