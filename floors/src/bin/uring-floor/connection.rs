//! A connection's state, and the next step that follows from it. Nothing here enters the kernel.

use floors::{BACKLOG_BYTES, LINGER_BYTES, Outbox};
use hello_http::{Connection as Http, Mode};

/// What is to be submitted for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing, before something completes.
    Wait,
    Receive,
    /// What the outbox has staged.
    Send,
    Shutdown,
    CancelReceive,
    Close,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The descriptor is nobody's.
    Vacant,
    Serving,
    /// The answers that are there are the last; then this side shuts.
    LastAnswer,
    /// The peer has shut its side: it gets the answers that are there.
    PeerEnded,
    /// This side is shut: what comes is thrown away.
    Draining {
        since: u64,
    },
    /// Closed as soon as nothing is with the kernel.
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receiving {
    Not,
    Armed,
    Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sending {
    Not,
    /// A send or a shutdown, whose completion will come.
    InFlight,
    /// The send of that number, whose completion comes only if it fails.
    Unconfirmed(u32),
}

pub(crate) struct Connection {
    phase: Phase,
    receiving: Receiving,
    sending: Sending,
    /// The last send found no room: the next one waits for it.
    patient: bool,
    /// Zero-copy sends whose memory the kernel still uses.
    notifications: u32,
    /// That memory, where it is not static.
    lent: Vec<Vec<u8>>,
    /// Bytes thrown away.
    drained: usize,
    http: Http,
    pub(crate) outbox: Outbox,
    /// For one-shot receives; empty otherwise.
    own: Vec<u8>,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            phase: Phase::Vacant,
            receiving: Receiving::Not,
            sending: Sending::Not,
            patient: false,
            notifications: 0,
            lent: Vec::new(),
            drained: 0,
            http: Http::new(Mode::Parse),
            outbox: Outbox::default(),
            own: Vec::new(),
        }
    }
}

impl Connection {
    /// A connection that was just accepted, with a buffer of its own of so many bytes.
    ///
    /// # Panics
    /// When the one before it is not closed.
    pub(crate) fn open(&mut self, mode: Mode, own_bytes: usize) {
        assert_eq!(
            self.phase,
            Phase::Vacant,
            "a descriptor has one connection at a time"
        );
        *self = Self {
            phase: Phase::Serving,
            http: Http::new(mode),
            own: vec![0; own_bytes],
            ..Self::default()
        };
    }

    pub(crate) fn is_open(&self) -> bool {
        self.phase != Phase::Vacant
    }

    /// The buffer of its own, which is the kernel's while a receive is in flight.
    pub(crate) fn own(&mut self) -> &mut [u8] {
        &mut self.own
    }

    /// The next step, which counts as begun from here on.
    #[inline]
    pub(crate) fn next(&mut self) -> Step {
        if self.sending == Sending::Not && !matches!(self.phase, Phase::Vacant | Phase::Ended) {
            if self.outbox.stage().is_some() {
                self.sending = Sending::InFlight;
                return Step::Send;
            }
            match self.phase {
                Phase::LastAnswer => {
                    self.sending = Sending::InFlight;
                    return Step::Shutdown;
                }
                Phase::PeerEnded => self.phase = Phase::Ended,
                _ => {}
            }
        }
        match self.receiving {
            Receiving::Not if self.wants_more() => {
                self.receiving = Receiving::Armed;
                Step::Receive
            }
            Receiving::Armed if self.has_enough() => {
                self.receiving = Receiving::Cancelled;
                Step::CancelReceive
            }
            Receiving::Not if self.may_close() => {
                self.phase = Phase::Vacant;
                Step::Close
            }
            _ => Step::Wait,
        }
    }

    #[inline]
    fn wants_more(&self) -> bool {
        match self.phase {
            Phase::Serving => self.outbox.waiting() == 0,
            Phase::Draining { .. } => self.drained < LINGER_BYTES,
            _ => false,
        }
    }

    #[inline]
    fn has_enough(&self) -> bool {
        match self.phase {
            Phase::Serving => self.outbox.waiting() > BACKLOG_BYTES,
            Phase::LastAnswer => self.drained >= LINGER_BYTES,
            Phase::Ended => true,
            _ => false,
        }
    }

    fn may_close(&self) -> bool {
        self.phase == Phase::Ended && self.sending == Sending::Not && self.notifications == 0
    }

    /// Parses what was received, and returns how many requests that completed.
    #[inline]
    pub(crate) fn input(&mut self, bytes: &[u8]) -> u32 {
        if self.phase != Phase::Serving {
            self.drained += bytes.len();
            if self.drained >= LINGER_BYTES && matches!(self.phase, Phase::Draining { .. }) {
                self.phase = Phase::Ended;
            }
            return 0;
        }
        let batch = self.http.feed(bytes);
        self.outbox.push(batch.bytes);
        if batch.close {
            self.phase = Phase::LastAnswer;
        }
        batch.requests
    }

    /// As [`Self::input`], of what a one-shot receive has put in the connection's own buffer.
    #[inline]
    pub(crate) fn input_own(&mut self, length: usize) -> u32 {
        let own = std::mem::take(&mut self.own);
        let requests = self.input(&own[..length]);
        self.own = own;
        requests
    }

    /// No more completions of the receive come.
    #[inline]
    pub(crate) fn receive_ended(&mut self) {
        self.receiving = Receiving::Not;
    }

    /// There was nothing to cancel, or it could not be: the receive ends by itself or is cancelled
    /// anew.
    pub(crate) fn cancel_failed(&mut self) {
        if self.receiving == Receiving::Cancelled {
            self.receiving = Receiving::Armed;
        }
    }

    /// The peer has shut its side.
    pub(crate) fn peer_ended(&mut self) {
        self.phase = match self.phase {
            Phase::Serving | Phase::LastAnswer => Phase::PeerEnded,
            _ => Phase::Ended,
        };
    }

    /// The connection is broken. True when that cost the peer an answer, or may have.
    pub(crate) fn fail(&mut self) -> bool {
        let matters = !matches!(self.phase, Phase::Draining { .. } | Phase::Ended);
        self.phase = Phase::Ended;
        matters
    }

    /// This side is being shut, at that moment.
    pub(crate) fn drain(&mut self, since: u64) {
        self.phase = Phase::Draining { since };
    }

    /// The peer was given time to leave at that moment; if it has not left, it is left.
    pub(crate) fn overdue(&mut self, stamp: u64) {
        if self.phase == (Phase::Draining { since: stamp }) {
            self.phase = Phase::Ended;
        }
    }

    /// Whether the send that begins may be one of whose success no completion tells: it may when
    /// nothing but another send would follow it.
    #[inline]
    pub(crate) fn may_send_unconfirmed(&self) -> bool {
        self.phase == Phase::Serving && !self.patient
    }

    /// The send that begins has this number, and no completion will tell of its success.
    #[inline]
    pub(crate) fn send_unconfirmed(&mut self, send: u32) {
        self.sending = Sending::Unconfirmed(send);
    }

    /// The call that submitted an unconfirmed send is over. If no completion has told of its
    /// failure, all of it was sent.
    #[inline]
    pub(crate) fn confirm(&mut self, send: u32) {
        if self.sending == Sending::Unconfirmed(send) {
            self.sent(self.outbox.unsent().len());
        }
    }

    /// Whether more than a confirmation is waiting for it.
    #[inline]
    pub(crate) fn needs_confirmation(&self) -> bool {
        matches!(self.sending, Sending::Unconfirmed(_))
            && (self.outbox.waiting() > 0 || self.phase != Phase::Serving)
    }

    /// So many bytes were sent.
    #[inline]
    pub(crate) fn sent(&mut self, bytes: usize) {
        // Less than all of it while the completion of what succeeds is left out: no room was left.
        self.patient = bytes < self.outbox.unsent().len();
        self.sending = Sending::Not;
        if let Some(memory) = self.outbox.advance(bytes)
            && self.notifications > 0
        {
            self.lent.push(memory);
        }
    }

    /// Nothing was sent, for want of room or because of a signal.
    pub(crate) fn send_again(&mut self) {
        self.patient = true;
        self.sending = Sending::Not;
    }

    /// The send or the shutdown has failed, or the shutdown is done.
    pub(crate) fn send_ended(&mut self) {
        self.sending = Sending::Not;
    }

    /// The kernel goes on using the memory of a send until it notifies.
    pub(crate) fn notification_due(&mut self) {
        self.notifications += 1;
    }

    pub(crate) fn notified(&mut self) {
        self.notifications -= 1;
        if self.notifications == 0 {
            self.lent.clear();
        }
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
