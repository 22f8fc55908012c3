//! Sends of whose success no completion tells.
//!
//! Such a send is done within the call that submits it ([`crate::entries::Entries::send`] says
//! why). So when that call has returned, and every completion it made has been taken out, a send
//! that has not failed is done. Until then the connection's later answers wait, which keeps them
//! in order: nothing is sent behind a send that may turn out to be partial.

use crate::connection::Connection;
use crate::queues::Queues;

#[derive(Debug, Default)]
pub(crate) struct Unconfirmed {
    /// Sends that are not submitted yet: the connection's number, and the send's.
    pushed: Vec<(u32, u32)>,
    /// Sends that were submitted by the last call, or by an earlier one.
    submitted: Vec<(u32, u32)>,
    /// Number of the next send. It tells a send from a later one of the same connection: the first
    /// may have failed, and have been repeated and confirmed by its completion, before its turn
    /// here comes.
    next: u32,
    /// Whether the next call must not wait: what it confirms is waited for here.
    pub(crate) hurry: bool,
    /// A connection got more to do while its send was unconfirmed.
    pub(crate) follow_up: bool,
}

impl Unconfirmed {
    /// Notes a send of the connection, and gives it a number.
    #[inline]
    pub(crate) fn push(&mut self, connection: u32) -> u32 {
        let send = self.next;
        self.next = send.wrapping_add(1);
        self.pushed.push((connection, send));
        send
    }

    /// A turn's call is over, and none of its completions is taken out yet.
    #[inline]
    pub(crate) fn called(&mut self, queues: &Queues<'_>) {
        // Part of what was pushed may not be with the kernel yet, or failures may be among
        // completions that it holds back. Looked at now, as a call that makes room for entries
        // later in the turn could bring those out behind the ones that are taken.
        self.hurry = !queues.all_submitted() || queues.overflown();
        if !self.hurry {
            self.submitted.append(&mut self.pushed);
        }
    }

    /// The sends that can be confirmed, now that all completions are taken out.
    #[inline]
    pub(crate) fn confirmed(&mut self) -> Vec<(u32, u32)> {
        std::mem::take(&mut self.submitted)
    }

    /// Gives the list back, whose memory is used again, and looks for those who would wait in vain.
    #[inline]
    pub(crate) fn settle(&mut self, mut confirmed: Vec<(u32, u32)>, connections: &[Connection]) {
        confirmed.clear();
        self.submitted = confirmed;
        if std::mem::take(&mut self.follow_up) {
            let waits = |&(connection, _): &(u32, u32)| {
                connections[connection as usize].needs_confirmation()
            };
            self.hurry |= self.pushed.iter().any(waits);
        }
    }
}
