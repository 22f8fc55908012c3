//! Kernel settings, by their name with dots.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::read_trimmed;

/// Where kernel settings are read and written.
#[derive(Clone, Debug)]
pub struct Sysctls {
    root: PathBuf,
}

impl Sysctls {
    /// Those of this machine.
    pub fn of_this_machine() -> Self {
        Self::at("/proc/sys")
    }

    /// Those below a folder.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// A setting's value; nothing when this kernel does not have it.
    pub fn get(&self, name: &str) -> Option<String> {
        let value = read_trimmed(self.path(name))?;
        Some(value.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Changes a setting.
    ///
    /// # Errors
    /// When the kernel refuses: only root may.
    pub fn set(&self, name: &str, value: &str) -> io::Result<()> {
        fs::write(self.path(name), value)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name.replace('.', "/"))
    }
}
