//! What a socket asks of the kernel, whichever driver carries it there.

use std::net::Shutdown;
use std::os::fd::RawFd;

use libc::socklen_t;
use nix::sys::socket::SockaddrStorage;

/// How this process names a socket to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Socket {
    /// A file descriptor.
    Fd(RawFd),
    /// An index in the ring's own table (a direct descriptor, Linux 5.19 for accepted sockets):
    /// the kernel finds it without the process's table and its reference counts.
    Direct(u32),
}

impl Socket {
    /// The descriptor of a socket that is none of a ring's table.
    ///
    /// # Panics
    /// With a direct descriptor, which only the ring that made it knows.
    pub(super) fn fd(self) -> RawFd {
        match self {
            Self::Fd(fd) => fd,
            Self::Direct(_) => unreachable!("only the io_uring driver makes direct descriptors"),
        }
    }
}

/// One operation on a socket.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Request {
    Accept {
        listener: RawFd,
        /// Go on accepting, where the driver can.
        multishot: bool,
    },
    /// May be submitted anew when it was interrupted.
    Connect {
        fd: RawFd,
        address: *const SockaddrStorage,
        length: socklen_t,
    },
    /// Waits until the descriptor can be read.
    Readable {
        fd: RawFd,
    },
    /// Into a buffer that the worker's connections share.
    RecvShared {
        socket: Socket,
    },
    RecvInto {
        socket: Socket,
        buffer: *mut u8,
        length: u32,
    },
    Send {
        socket: Socket,
        bytes: *const u8,
        length: u32,
    },
    Shutdown {
        socket: Socket,
        how: Shutdown,
    },
}
