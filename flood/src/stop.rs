//! The early end of a run.

use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// Ends a run before its time. It is a pipe, because the threads wait in their rings, which can watch
/// one; nobody reads from it, so that every thread sees it.
#[derive(Debug)]
pub struct Stop {
    asked: Arc<AtomicBool>,
    reader: PipeReader,
    writer: PipeWriter,
}

impl Stop {
    /// One that nothing has asked for yet.
    ///
    /// # Errors
    /// When no pipe can be made.
    pub fn new() -> Result<Self> {
        let (reader, writer) = io::pipe().context("cannot make a pipe")?;
        Ok(Self {
            asked: Arc::default(),
            reader,
            writer,
        })
    }

    /// One that SIGTERM and SIGINT ask for.
    ///
    /// # Errors
    /// When the signals cannot be caught.
    pub fn on_signals() -> Result<Self> {
        let stop = Self::new()?;
        for signal in [SIGTERM, SIGINT] {
            let caught = || -> io::Result<()> {
                flag::register(signal, Arc::clone(&stop.asked))?;
                low_level::pipe::register(signal, stop.writer.try_clone()?)?;
                Ok(())
            };
            caught().context("cannot catch signals")?;
        }
        Ok(stop)
    }

    /// Asks for it.
    ///
    /// # Errors
    /// When the pipe cannot be written to.
    pub fn ask(&self) -> io::Result<()> {
        self.asked.store(true, Ordering::Relaxed);
        (&self.writer).write_all(&[1])
    }

    /// Whether it was asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Readable once it was asked for.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.reader.as_raw_fd()
    }
}
