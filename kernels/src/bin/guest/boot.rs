//! What a first process has to do before anything else works.

use std::fs::{self, File};
use std::io::Read;

use anyhow::{Context, Result};
use nix::mount::{MsFlags, mount};
use nix::sys::resource::{Resource, setrlimit};

/// Open files that the load of the conformance cases needs.
const OPEN_FILES: u64 = 65_536;

/// Mounts the kernel's file systems, waits for its random numbers, brings the loopback device up and raises the limit of open files.
///
/// # Errors
/// When the kernel refuses one of them.
pub fn prepare() -> Result<()> {
    for (kind, place, options) in [
        ("proc", "/proc", ""),
        ("sysfs", "/sys", ""),
        ("devtmpfs", "/dev", "mode=0755"),
        ("tmpfs", "/tmp", "mode=1777"),
    ] {
        fs::create_dir_all(place)?;
        mount(
            Some(kind),
            place,
            Some(kind),
            MsFlags::empty(),
            Some(options),
        )
        .with_context(|| format!("cannot mount {place}"))?;
    }
    // Whoever asks for random numbers before the kernel has any would wait in the middle of a check.
    File::open("/dev/random")?.read_exact(&mut [0])?;
    // IFF_UP, without a tool for it.
    fs::write("/sys/class/net/lo/flags", "0x1").context("cannot bring the loopback device up")?;
    setrlimit(Resource::RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES)
        .context("cannot raise the limit of open files")
}
