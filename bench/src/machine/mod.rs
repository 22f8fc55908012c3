//! Facts about this machine: its hardware, its kernel and their settings, its limits.

mod cpu;
mod environment;
mod limits;
mod sysctl;
mod system;

pub use cpu::{Cpu, governor, threads_per_core};
pub use environment::environment;
pub use limits::{client_ports, free_disk_bytes, memlock_soft_bytes, nofile, raise_nofile};
pub use sysctl::Sysctls;
pub use system::{clocksource, kernel_release, mitigations, virtualization};

use std::fs;
use std::path::Path;

/// The trimmed text of a file of the kernel; nothing when it is not there.
fn read_trimmed(path: impl AsRef<Path>) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned())
}
