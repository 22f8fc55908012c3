//! What this process may use.

use std::path::Path;

use anyhow::{Context, Result};
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use nix::sys::statvfs::statvfs;

use super::Sysctls;

/// Soft and hard limit of open files.
///
/// # Errors
/// When the kernel does not say.
pub fn nofile() -> Result<(u64, u64)> {
    getrlimit(Resource::RLIMIT_NOFILE).context("cannot read the limit of open files")
}

/// Raises the soft limit of open files to the hard one, which is returned. Children inherit it.
///
/// # Errors
/// When the kernel refuses.
pub fn raise_nofile() -> Result<u64> {
    server_kit::raise_open_file_limit()
}

/// Soft limit of locked memory; nothing when there is none.
///
/// # Errors
/// When the kernel does not say.
pub fn memlock_soft_bytes() -> Result<Option<u64>> {
    let (soft, _) =
        getrlimit(Resource::RLIMIT_MEMLOCK).context("cannot read the limit of locked memory")?;
    Ok((soft != RLIM_INFINITY).then_some(soft))
}

/// Free space of the disk that holds `path`.
///
/// # Errors
/// When it does not exist.
pub fn free_disk_bytes(path: &Path) -> Result<u64> {
    let disk = statvfs(path).with_context(|| format!("cannot look at {}", path.display()))?;
    Ok(disk.blocks_available() * disk.fragment_size())
}

/// How many ports the kernel has for clients of one server.
pub fn client_ports() -> Option<u32> {
    let range = Sysctls::of_this_machine().get("net.ipv4.ip_local_port_range")?;
    let mut ports = range.split_whitespace().map(str::parse::<u32>);
    let (first, last) = (ports.next()?.ok()?, ports.next()?.ok()?);
    Some(last.checked_sub(first)? + 1)
}
