//! Facts about this machine: its hardware, its kernel and their settings, its limits.

mod cgroup;
mod cpu;
mod environment;
mod facts;
mod io_uring;
mod limits;
mod network;
mod programs;
mod sysctl;
mod system;

pub use environment::environment;
pub use facts::facts;
pub use limits::{client_ports, free_disk_bytes, nofile, raise_nofile};
pub use network::{LOOPBACK, device_towards, device_with};
pub use programs::compilers;
pub use sysctl::Sysctls;

use std::fs;
use std::path::Path;

/// The trimmed text of a file of the kernel; nothing when it is not there.
fn read_trimmed(path: impl AsRef<Path>) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned())
}
