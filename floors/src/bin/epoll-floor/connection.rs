//! One connection: what a read, a parse and a write make of it.

use std::os::fd::{AsRawFd, OwnedFd};

use floors::{LINGER_BYTES, Outbox};
use hello_http::{Connection as Http, Mode};
use nix::errno::Errno;
use nix::sys::socket::{self, MsgFlags, Shutdown};
use server_kit::Counters;

/// Reads that a connection gets before the others have their turn.
const READS_A_TURN: usize = 16;

/// What the worker has to do for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing before the next edge.
    Wait,
    /// Nothing before an edge that tells of room to send into.
    WaitForRoom,
    /// There is more to read, after the others.
    Again,
    /// The last answer is out: give the peer time to leave, then go on.
    Linger,
    /// Close it.
    Close,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Serving,
    /// The answers that are there are the last.
    LastAnswer,
    /// This side is shut: what comes is thrown away.
    Draining {
        taken: usize,
        since: u64,
    },
}

pub(crate) struct Connection {
    socket: OwnedFd,
    http: Http,
    outbox: Outbox,
    phase: Phase,
    /// An edge has come since the last read that took everything.
    readable: bool,
    /// The peer has ended its side or is gone, of which there is no second edge.
    ended: bool,
    /// Whether edges of room to send into are asked for.
    pub(crate) wants_room: bool,
}

impl Connection {
    pub(crate) fn new(socket: OwnedFd, mode: Mode) -> Self {
        Self {
            socket,
            http: Http::new(mode),
            outbox: Outbox::default(),
            phase: Phase::Serving,
            readable: false,
            ended: false,
            wants_room: false,
        }
    }

    pub(crate) fn socket(&self) -> &OwnedFd {
        &self.socket
    }

    /// Whether the peer was given time to leave at that moment, and has not left.
    pub(crate) fn lingers_since(&self, stamp: u64) -> bool {
        matches!(self.phase, Phase::Draining { since, .. } if since == stamp)
    }

    pub(crate) fn set_linger_stamp(&mut self, stamp: u64) {
        self.phase = Phase::Draining {
            taken: 0,
            since: stamp,
        };
    }

    /// An edge says that there is something to read, and whether that is the end.
    pub(crate) fn edge(&mut self, readable: bool, ended: bool) {
        self.readable |= readable;
        self.ended |= ended;
    }

    /// Sends, reads and answers as far as that goes without waiting.
    #[inline]
    pub(crate) fn advance(&mut self, buffer: &mut [u8], counters: &Counters) -> Outcome {
        for _ in 0..READS_A_TURN {
            match self.flush(counters) {
                Ok(true) => {}
                Ok(false) => return Outcome::WaitForRoom,
                Err(_) => return failed(counters),
            }
            if self.phase == Phase::LastAnswer {
                return self.shut_down(counters);
            }
            if !self.readable {
                return Outcome::Wait;
            }
            counters.kernel_entries.add(1);
            let length = match socket::recv(self.socket.as_raw_fd(), buffer, MsgFlags::empty()) {
                Ok(0) => return Outcome::Close,
                Ok(length) => length,
                Err(Errno::EINTR) => continue,
                Err(Errno::EAGAIN) => {
                    self.readable = self.ended;
                    continue;
                }
                Err(_) if self.phase == Phase::Serving => return failed(counters),
                // The answer is out; how the peer leaves does not matter.
                Err(_) => return Outcome::Close,
            };
            // Less than there was room for is everything: what comes later makes a new edge.
            self.readable = self.ended || length == buffer.len();
            if !self.take(&buffer[..length], counters) {
                return Outcome::Close;
            }
        }
        Outcome::Again
    }

    /// Parses what was read. False when a peer that should leave keeps on sending.
    #[inline]
    fn take(&mut self, input: &[u8], counters: &Counters) -> bool {
        if let Phase::Draining { taken, .. } = &mut self.phase {
            *taken += input.len();
            return *taken < LINGER_BYTES;
        }
        let batch = self.http.feed(input);
        // Counted first: whoever has an answer finds it counted.
        counters.requests.add(u64::from(batch.requests));
        self.outbox.push(batch.bytes);
        if batch.close {
            self.phase = Phase::LastAnswer;
        }
        true
    }

    /// Sends what there is to send. False when the socket has no room for all of it.
    #[inline]
    fn flush(&mut self, counters: &Counters) -> Result<bool, Errno> {
        while let Some(bytes) = self.outbox.stage() {
            counters.kernel_entries.add(1);
            match socket::send(self.socket.as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL) {
                Ok(length) => {
                    // The socket is full: another call would only be told so.
                    let short = length < bytes.len();
                    self.outbox.advance(length);
                    if short {
                        return Ok(false);
                    }
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(false),
                Err(errno) => return Err(errno),
            }
        }
        Ok(true)
    }

    /// Ends this side, and takes what is under way. Closing at once would make the kernel answer it
    /// with a reset, which can cost the peer the answer it has not read yet.
    fn shut_down(&mut self, counters: &Counters) -> Outcome {
        counters.kernel_entries.add(1);
        match socket::shutdown(self.socket.as_raw_fd(), Shutdown::Write) {
            Ok(()) => Outcome::Linger,
            Err(_) => Outcome::Close,
        }
    }
}

fn failed(counters: &Counters) -> Outcome {
    counters.errors.add(1);
    Outcome::Close
}
