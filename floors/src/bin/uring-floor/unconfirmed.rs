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
    /// Connections whose send is not submitted yet.
    pushed: Vec<u32>,
    /// Connections whose send was submitted by the last call.
    submitted: Vec<u32>,
    /// Whether the next call must not wait: what it confirms is waited for here.
    pub(crate) hurry: bool,
    /// A connection got more to do while its send was unconfirmed.
    pub(crate) follow_up: bool,
}

impl Unconfirmed {
    pub(crate) fn push(&mut self, connection: u32) {
        self.pushed.push(connection);
    }

    /// A call is over.
    #[inline]
    pub(crate) fn called(&mut self, queues: &Queues<'_>) {
        // Part of what was pushed may not be with the kernel yet.
        self.hurry = !queues.all_submitted();
        if !self.hurry {
            self.submitted.append(&mut self.pushed);
        }
    }

    /// The connections that can be confirmed, now that all completions are taken out.
    #[inline]
    pub(crate) fn confirmed(&mut self, queues: &Queues<'_>) -> Vec<u32> {
        if queues.overflown() {
            // Failures may be among the completions that are held back.
            self.hurry = true;
            return Vec::new();
        }
        std::mem::take(&mut self.submitted)
    }

    /// Gives the list back, whose memory is used again, and looks for those who would wait in vain.
    #[inline]
    pub(crate) fn settle(&mut self, mut confirmed: Vec<u32>, connections: &[Connection]) {
        if self.submitted.is_empty() {
            confirmed.clear();
            self.submitted = confirmed;
        }
        if std::mem::take(&mut self.follow_up) {
            let waits = |&connection: &u32| connections[connection as usize].needs_confirmation();
            self.hurry |= self.pushed.iter().any(waits);
        }
    }
}
