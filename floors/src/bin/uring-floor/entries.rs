//! Submission queue entries, as the flags want them, and the tokens by which completions find back.

use floors::TICK;
use io_uring::opcode;
use io_uring::squeue::{Entry, Flags};
use io_uring::types::{Fd, Fixed, Timespec};

use crate::args::{Args, Receive, SendBy, SkipSuccess};
use crate::buffers::GROUP;

/// What a completion is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Receive,
    Send,
    Shutdown,
    Cancel,
    Close,
    Accept,
    /// The pause after a failed accept.
    Pause,
    /// The tick of lingering connections.
    Tick,
    Stop,
}

use Operation as Op;

const OPERATIONS: [Op; 9] = [
    Op::Receive,
    Op::Send,
    Op::Shutdown,
    Op::Cancel,
    Op::Close,
    Op::Accept,
    Op::Pause,
    Op::Tick,
    Op::Stop,
];

/// The operation in the upper half, the connection in the lower.
#[inline]
pub(crate) fn token(operation: Operation, connection: u32) -> u64 {
    (operation as u64) << 32 | u64::from(connection)
}

/// # Panics
/// When the token is not one of ours.
#[inline]
pub(crate) fn operation(token: u64) -> (Operation, u32) {
    (OPERATIONS[(token >> 32) as usize], token as u32)
}

static TICK_TIME: Timespec = Timespec::new().sec(TICK.as_secs());
static PAUSE_TIME: Timespec = Timespec::new().nsec(10_000_000);

/// Makes entries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entries {
    direct: bool,
    receive: Receive,
    send: SendBy,
    skip_success: SkipSuccess,
}

impl Entries {
    pub(crate) fn new(args: &Args) -> Self {
        Self {
            direct: args.descriptors.are_direct(),
            receive: args.recv,
            send: args.send,
            skip_success: args.skip_success,
        }
    }

    /// Whether a send may be one of whose success no completion tells.
    #[inline]
    pub(crate) fn skips_sends(&self) -> bool {
        self.skip_success == SkipSuccess::Sends
    }

    /// The rest of an entry whose descriptor is a connection's.
    #[inline]
    fn on(&self, entry: Entry, operation: Operation, connection: u32) -> Entry {
        let entry = entry.user_data(token(operation, connection));
        if self.direct {
            entry.flags(Flags::FIXED_FILE)
        } else {
            entry
        }
    }

    pub(crate) fn accept(&self, listener: i32) -> Entry {
        // Direct descriptors are the ring's alone, so that "close on exec" has no meaning for them.
        let flags = if self.direct { 0 } else { libc::SOCK_CLOEXEC };
        let entry = opcode::AcceptMulti::new(Fd(listener))
            .allocate_file_index(self.direct)
            .flags(flags);
        entry.build().user_data(token(Op::Accept, 0))
    }

    /// `own` is the connection's buffer, which only one-shot receives use.
    pub(crate) fn receive(&self, connection: u32, own: &mut [u8]) -> Entry {
        let fd = Fd(connection.cast_signed());
        let entry = match self.receive {
            Receive::OneShot => opcode::Recv::new(fd, own.as_mut_ptr(), own.len() as u32).build(),
            Receive::Multishot => opcode::RecvMulti::new(fd, GROUP).build(),
            Receive::Bundle => opcode::RecvMultiBundle::new(fd, GROUP).build(),
        };
        self.on(entry, Op::Receive, connection)
    }

    /// A quick send is done, or refused with a completion, within the call that submits it.
    ///
    /// MSG_DONTWAIT: what finds no room fails at once, rather than wait for some. MSG_WAITALL: so
    /// does what finds too little, whose completion then says how much was sent. A failed
    /// operation always makes a completion, so that none means that all was sent.
    #[inline]
    pub(crate) fn send(&self, connection: u32, bytes: &[u8], quick: bool) -> Entry {
        let fd = Fd(connection.cast_signed());
        let (address, length) = (bytes.as_ptr(), bytes.len() as u32);
        // A peer that is gone is an error of this send, not a signal to the process.
        let flags = libc::MSG_NOSIGNAL;
        let entry = match self.send {
            SendBy::Plain | SendBy::Waitall if quick => opcode::Send::new(fd, address, length)
                .flags(flags | libc::MSG_DONTWAIT | libc::MSG_WAITALL)
                .build()
                .flags(Flags::SKIP_SUCCESS),
            SendBy::Plain => opcode::Send::new(fd, address, length).flags(flags).build(),
            SendBy::Waitall => opcode::Send::new(fd, address, length)
                .flags(flags | libc::MSG_WAITALL)
                .build(),
            // The offset of what has no position.
            SendBy::Write => opcode::Write::new(fd, address, length)
                .offset(u64::MAX)
                .build(),
            SendBy::ZeroCopy => opcode::SendZc::new(fd, address, length)
                .flags(flags)
                .build(),
        };
        self.on(entry, Op::Send, connection)
    }

    /// Its completion is always wanted: the kernel hands shutting to another thread, and closing
    /// has to wait for it.
    pub(crate) fn shutdown(&self, connection: u32) -> Entry {
        let entry = opcode::Shutdown::new(Fd(connection.cast_signed()), libc::SHUT_WR).build();
        self.on(entry, Op::Shutdown, connection)
    }

    pub(crate) fn cancel_receive(&self, connection: u32) -> Entry {
        let entry = opcode::AsyncCancel::new(token(Op::Receive, connection)).build();
        self.quietly(entry, Op::Cancel, connection)
    }

    pub(crate) fn close(&self, connection: u32) -> Entry {
        let entry = if self.direct {
            opcode::Close::new(Fixed(connection)).build()
        } else {
            opcode::Close::new(Fd(connection.cast_signed())).build()
        };
        self.quietly(entry, Op::Close, connection)
    }

    fn quietly(&self, entry: Entry, operation: Operation, connection: u32) -> Entry {
        let entry = entry.user_data(token(operation, connection));
        match self.skip_success {
            SkipSuccess::None => entry,
            SkipSuccess::Ends | SkipSuccess::Sends => entry.flags(Flags::SKIP_SUCCESS),
        }
    }
}

pub(crate) fn tick() -> Entry {
    opcode::Timeout::new(&raw const TICK_TIME)
        .build()
        .user_data(token(Op::Tick, 0))
}

pub(crate) fn pause() -> Entry {
    opcode::Timeout::new(&raw const PAUSE_TIME)
        .build()
        .user_data(token(Op::Pause, 0))
}

pub(crate) fn stop(event: i32) -> Entry {
    let events = u32::from(libc::POLLIN.unsigned_abs());
    opcode::PollAdd::new(Fd(event), events)
        .build()
        .user_data(token(Op::Stop, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_what_it_was_made_of() {
        for operation in OPERATIONS {
            for connection in [0, 1, u32::MAX] {
                let made = token(operation, connection);
                assert_eq!(super::operation(made), (operation, connection));
            }
        }
    }
}
