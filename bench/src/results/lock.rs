//! One writer a results folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use anyhow::{Context, Result, bail};
use records::MEASUREMENTS_FILE;

/// Keeps other runs out of a results folder until it is dropped, or the process ends in any way.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Locks the measurements of `folder`, which are made if there are none.
    ///
    /// # Errors
    /// When another run holds the lock.
    pub fn take(folder: &Path) -> Result<Self> {
        let path = folder.join(MEASUREMENTS_FILE);
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => bail!(
                "another `bench run` is writing to {}; wait for it or end it",
                folder.display()
            ),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| {
                format!(
                    "cannot lock {}; put the folder on a disk that has locks",
                    path.display()
                )
            }),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would leave the lock to a child that has been forked and not yet executed.
        // An error leaves nothing to do: the lock ends with the process.
        let _ = self.0.unlock();
    }
}
