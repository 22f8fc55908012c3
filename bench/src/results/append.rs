//! A file that grows by whole entries only.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// What holds the bytes: a file, or a stand-in for one in a test of failures.
pub trait Medium {
    /// Writes some of `bytes` at the end, and returns how many.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Returns when what was written is on the disk.
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts off everything after `length`.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

impl Medium for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(self, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// A file that holds whole entries, whatever happens.
#[derive(Debug)]
pub struct AppendFile<M = File> {
    medium: M,
    length: u64,
}

impl AppendFile {
    /// Opens or makes the file at `path`, to append to it.
    ///
    /// # Errors
    /// When that is not possible.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let length = file.metadata()?.len();
        Ok(Self::new(file, length))
    }
}

impl<M: Medium> AppendFile<M> {
    /// A file of `length` bytes.
    pub fn new(medium: M, length: u64) -> Self {
        Self { medium, length }
    }

    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Appends an entry: all of it, on the disk, or nothing.
    ///
    /// # Errors
    /// When it could not be written; the file is then as it was before.
    pub fn append(&mut self, entry: &[u8]) -> io::Result<()> {
        let written = self.write_all(entry).and_then(|()| self.medium.sync());
        match written {
            Ok(()) => {
                self.length += entry.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.truncate(self.length)?;
                Err(error)
            }
        }
    }

    /// Cuts off everything after `length`.
    ///
    /// # Errors
    /// When that is not possible.
    pub fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.medium.truncate(length)?;
        self.length = length;
        Ok(())
    }

    /// One write, unless the disk is so nearly full that it takes a part: then the next one says so.
    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.medium.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => bytes = &bytes[n..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
