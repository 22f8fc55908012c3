//! Where accepted sockets are kept, which hangs on whether the kernel closes a direct descriptor when
//! it is asked to.
//!
//! Before Linux 6.13 a ring let go of its files in the order in which they were removed, each only
//! after all requests that had begun before: one connection that waits for bytes kept every socket
//! that was closed later open, its peer without an end, for as long as it waited. No feature bit tells
//! (6.13 keeps a count of users for each file instead), and distributions carry changes back: so it is
//! tried.

use std::io::{self, ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;

use io_uring::types::Fixed;
use io_uring::{IoUring, opcode, squeue};

/// Where a ring's accepted sockets are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(clap::ValueEnum))]
pub enum Descriptors {
    /// In the ring's own table where the kernel closes its entries at once (Linux 6.13), else in the
    /// process's.
    #[default]
    Auto,
    /// In the ring's own table (direct descriptors).
    Direct,
    /// In the process's table of files.
    Process,
}

impl Descriptors {
    /// Whether it is the ring's own table, on this kernel.
    #[must_use]
    pub fn are_direct(self) -> bool {
        match self {
            // A kernel that refuses the trial has no direct descriptors to offer, and will give its
            // reason when the server's own ring is made.
            Self::Auto => closes_direct_descriptors_at_once().unwrap_or(false),
            Self::Direct => true,
            Self::Process => false,
        }
    }
}

/// Tries it, once a process.
///
/// # Errors
/// When the kernel refuses what the trial takes.
pub fn closes_direct_descriptors_at_once() -> io::Result<bool> {
    static FOUND: OnceLock<bool> = OnceLock::new();
    if let Some(found) = FOUND.get() {
        return Ok(*found);
    }
    let found = try_it()?;
    Ok(*FOUND.get_or_init(|| found))
}

/// On a ring of its own: a file is closed while an earlier request on another one waits.
fn try_it() -> io::Result<bool> {
    let (waits, _peer) = UnixStream::pair()?;
    let (closed, mut sees) = UnixStream::pair()?;
    sees.set_nonblocking(true)?;
    let mut ring = IoUring::new(2)?;
    let files = [waits.as_raw_fd(), closed.as_raw_fd()];
    ring.submitter().register_files(&files)?;
    // From here on they are the ring's alone.
    drop((waits, closed));
    let readable = u32::from(libc::POLLIN.unsigned_abs());
    push(&mut ring, &opcode::PollAdd::new(Fixed(0), readable).build())?;
    push(&mut ring, &opcode::Close::new(Fixed(1)).build())?;
    // Such a ring does all that can be done at once before the call returns.
    ring.submit_and_wait(1)?;
    match sees.read(&mut [0]) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}

fn push(ring: &mut IoUring, entry: &squeue::Entry) -> io::Result<()> {
    // SAFETY: neither a poll nor a close points to memory.
    unsafe { ring.submission().push(entry) }.map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trial_agrees_with_the_release_that_brought_it() {
        let tried = match closes_direct_descriptors_at_once() {
            Ok(tried) => tried,
            Err(refusal) => return eprintln!("not tested here: {refusal}"),
        };
        let release = crate::kernel_release();
        let mut numbers = release.split(|c: char| !c.is_ascii_digit());
        let mut number = || numbers.next().and_then(|n| n.parse::<u32>().ok());
        let version = (number(), number());
        // A distribution may have brought it back, but never taken it out.
        assert!(tried || version < (Some(6), Some(13)), "{release}");
        assert_eq!(Descriptors::Auto.are_direct(), tried);
        assert_eq!(closes_direct_descriptors_at_once().unwrap(), tried);
    }
}
