//! One io_uring, and the few operations that a load needs of it.
#![allow(
    unsafe_code,
    reason = "an entry of a ring is a promise to the kernel about memory"
)]

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use io_uring::types::{Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode, squeue};
use socket2::SockAddr;

use crate::buffers::{Buffers, GROUP};

/// Longest submission queue that the kernel makes; a longer one would be clamped.
const MOST_ENTRIES: usize = 1 << 15;
/// The bits of `user_data` that say what it was; the connection's number is below them.
const KIND_SHIFT: u32 = 32;
const RECEIVED: u64 = 0;
const SENT: u64 = 1;
const END: u64 = 2;
const CONNECTED: u64 = 3;

/// What the kernel has done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// Bytes for a connection are in a buffer, which must be given back.
    Received {
        connection: usize,
        buffer: u16,
        length: usize,
    },
    /// There was no free buffer.
    OutOfBuffers { connection: usize },
    /// The server has closed a connection.
    Closed { connection: usize },
    /// A connection cannot be read.
    ReadFailed { connection: usize },
    /// A connection is open.
    Connected { connection: usize },
    /// A connection cannot be opened.
    ConnectFailed { connection: usize },
    /// A connection cannot be written to. Of sends that succeed nothing is told.
    WriteFailed { connection: usize },
    /// The window is over, or was stopped.
    End,
}

/// What became of a completion, with whether its receive goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Completion {
    pub(crate) event: Event,
    pub(crate) more: bool,
}

/// A ring that belongs to the thread that made it.
pub(crate) struct Ring {
    uring: IoUring,
    buffers: Option<Buffers>,
    requests: &'static Requests,
    /// Where connections go. It is never freed, as connecting may outlive this.
    server: &'static SockAddr,
}

/// What is sent. It is never freed, as a send may outlive the ring.
#[derive(Debug)]
pub(crate) struct Requests {
    /// Every time but the last.
    pub(crate) usual: Vec<u8>,
    /// The last time on a connection.
    pub(crate) last: Vec<u8>,
}

impl Ring {
    /// A ring for `connections` to `server`.
    ///
    /// # Errors
    /// When the kernel refuses; the message says why, and what to do.
    pub(crate) fn new(connections: usize, requests: Requests, server: SocketAddr) -> Result<Self> {
        // Room for what is sent first: a receive and a send a connection.
        let entries = (2 * connections + 8).next_power_of_two().min(MOST_ENTRIES);
        let entries = u32::try_from(entries)?;
        let make = || {
            IoUring::builder()
                .setup_clamp()
                .setup_cqsize(entries * 2)
                .setup_single_issuer()
                .setup_defer_taskrun()
                .build(entries)
        };
        let uring = server_kit::while_memory_is_short(make).map_err(refusal)?;
        Ok(Self {
            uring,
            buffers: None,
            requests: Box::leak(Box::new(requests)),
            server: Box::leak(Box::new(server.into())),
        })
    }

    /// Makes buffers for answers of `bytes` on so many connections.
    pub(crate) fn register_buffers(&mut self, connections: usize, bytes: usize) -> Result<()> {
        let buffers = Buffers::register(&self.uring.submitter(), connections, bytes);
        self.buffers = Some(buffers.context("cannot register buffers with io_uring")?);
        Ok(())
    }

    /// Receives on a connection until it ends.
    pub(crate) fn receive(&mut self, connection: usize, stream: &TcpStream) -> Result<()> {
        let entry = opcode::RecvMulti::new(Fd(stream.as_raw_fd()), GROUP)
            .build()
            .user_data(user_data(RECEIVED, connection));
        self.push(&entry)
    }

    /// Connects a socket.
    pub(crate) fn connect(&mut self, connection: usize, stream: &TcpStream) -> Result<()> {
        let (address, length) = (self.server.as_ptr().cast(), self.server.len());
        let entry = opcode::Connect::new(Fd(stream.as_raw_fd()), address, length)
            .build()
            .user_data(user_data(CONNECTED, connection));
        self.push(&entry)
    }

    /// Sends the request on a connection, or the last one on it.
    #[inline]
    pub(crate) fn send(&mut self, connection: usize, stream: &TcpStream, last: bool) -> Result<()> {
        let request = if last {
            &self.requests.last
        } else {
            &self.requests.usual
        };
        let length = u32::try_from(request.len()).unwrap_or(u32::MAX);
        // WAITALL: the kernel goes on with a send that was cut short.
        let entry = opcode::Send::new(Fd(stream.as_raw_fd()), request.as_ptr(), length)
            .flags(libc::MSG_WAITALL | libc::MSG_NOSIGNAL)
            .build()
            .flags(squeue::Flags::SKIP_SUCCESS)
            .user_data(user_data(SENT, connection));
        self.push(&entry)
    }

    /// Ends the window after `duration`, or when `stop` can be read from.
    pub(crate) fn end_after(&mut self, duration: Duration, stop: RawFd) -> Result<()> {
        let length = Timespec::from(duration);
        let timeout = opcode::Timeout::new(&raw const length).build();
        self.push(&timeout.user_data(user_data(END, 0)))?;
        let readable = opcode::PollAdd::new(Fd(stop), libc::POLLIN.unsigned_abs().into()).build();
        self.push(&readable.user_data(user_data(END, 0)))?;
        // The kernel copies the length when it takes the entry, which must be while it is here.
        self.uring.submit().context("cannot submit to io_uring")?;
        Ok(())
    }

    fn push(&mut self, entry: &squeue::Entry) -> Result<()> {
        // SAFETY: an entry points to a request or to the server's address, which live for ever, to a
        // length that lives until it is submitted in `end_after`, or to nothing.
        while unsafe { self.uring.submission().push(entry) }.is_err() {
            self.uring.submit().context("cannot submit to io_uring")?;
        }
        Ok(())
    }

    /// Submits all that was asked for, waits for a completion, at most for `longest`, and takes out all
    /// that are there, in their order, in place of those in `completions`.
    #[inline]
    pub(crate) fn turn(
        &mut self,
        completions: &mut Vec<Completion>,
        longest: Option<Duration>,
    ) -> Result<()> {
        if let Some(buffers) = &mut self.buffers {
            buffers.publish();
        }
        let waited = match longest {
            None => self.uring.submit_and_wait(1),
            Some(longest) => {
                let longest = Timespec::from(longest);
                let limit = SubmitArgs::new().timespec(&longest);
                self.uring.submitter().submit_with_args(1, &limit)
            }
        };
        match waited {
            Ok(_) => {}
            // The time is over; a signal; or completions that must be taken out first.
            Err(error)
                if matches!(
                    error.raw_os_error(),
                    Some(libc::ETIME | libc::EINTR | libc::EBUSY | libc::EAGAIN)
                ) => {}
            Err(error) => return Err(error).context("cannot wait in io_uring"),
        }
        completions.clear();
        completions.extend(self.uring.completion().map(|entry| completion(&entry)));
        Ok(())
    }

    /// The bytes of a [`Event::Received`], and the buffer's return.
    #[inline]
    pub(crate) fn take<T>(
        &mut self,
        buffer: u16,
        length: usize,
        look: impl FnOnce(&[u8]) -> T,
    ) -> T {
        let buffers = self.buffers.as_mut().expect("a receive needs buffers");
        let seen = look(buffers.filled(buffer, length));
        buffers.give_back(buffer);
        seen
    }
}

fn user_data(kind: u64, connection: usize) -> u64 {
    kind << KIND_SHIFT | connection as u64
}

#[inline]
fn completion(entry: &cqueue::Entry) -> Completion {
    let data = entry.user_data();
    let connection = (data & ((1 << KIND_SHIFT) - 1)) as usize;
    let result = entry.result();
    let buffer = cqueue::buffer_select(entry.flags());
    let event = match (data >> KIND_SHIFT, buffer) {
        (RECEIVED, Some(buffer)) => Event::Received {
            connection,
            buffer,
            length: usize::try_from(result).unwrap_or(0),
        },
        (RECEIVED, None) if result == -libc::ENOBUFS => Event::OutOfBuffers { connection },
        // The end of the connection comes without a buffer.
        (RECEIVED, None) if result == 0 => Event::Closed { connection },
        (RECEIVED, None) => Event::ReadFailed { connection },
        (CONNECTED, _) if result == 0 => Event::Connected { connection },
        (CONNECTED, _) => Event::ConnectFailed { connection },
        (SENT, _) => Event::WriteFailed { connection },
        _ => Event::End,
    };
    Completion {
        event,
        more: cqueue::more(entry.flags()),
    }
}

/// Why there is no ring, and what to do.
fn refusal(error: io::Error) -> anyhow::Error {
    let advice = match error.raw_os_error() {
        Some(libc::ENOSYS) => "this kernel has no io_uring, or a seccomp filter hides it",
        Some(libc::EPERM | libc::EACCES) => {
            "io_uring is forbidden here: see the setting kernel.io_uring_disabled and the container's seccomp \
             filter"
        }
        Some(libc::EINVAL) => "DEFER_TASKRUN needs Linux 6.1",
        Some(libc::ENOMEM) => "memory is short, or the limit of locked memory (`ulimit -l`) is low",
        _ => "the kernel refuses",
    };
    anyhow!(error).context(format!(
        "cannot make an io_uring: {advice}; wrk needs none (generator = \"wrk\")"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_its_likely_cause() {
        let text = |errno| format!("{:#}", refusal(io::Error::from_raw_os_error(errno)));
        assert!(text(libc::EPERM).contains("kernel.io_uring_disabled"));
        assert!(text(libc::EINVAL).contains("Linux 6.1"));
        assert!(text(libc::ENOSYS).contains("has no io_uring"));
        assert!(text(libc::EIO).contains("wrk needs none"));
    }
}
