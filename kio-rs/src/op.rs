//! The operations a worker has with the kernel, from submission to the last completion. Free of
//! system calls.
//!
//! An operation belongs to a socket, a sleep or the worker itself (its *owner*). It may give one
//! completion or, when multishot, many; the last one comes without the MORE flag. The owner may go
//! away at any time: the operation is then *orphaned*, keeps whatever memory the kernel may still
//! write to or read from, and ends with its last completion.

use std::any::Any;
use std::collections::VecDeque;
use std::task::Waker;

use crate::slab::{Key, Slab};

/// What a completion that nobody waits for leaves to be released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An accepted socket.
    Accept,
    /// A buffer of the buffer ring.
    Recv,
    /// Nothing: a send, shutdown or connect.
    Send,
    /// Nothing: a wait for a descriptor to be readable.
    Poll,
}

/// A completion queue entry without its `user_data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Completion {
    /// A count or file descriptor, or a negated errno.
    pub(crate) result: i32,
    pub(crate) flags: u32,
}

/// Who waits for a completion.
#[derive(Debug, Default)]
pub(crate) enum Waiter {
    #[default]
    Nobody,
    /// A task of this worker. To wake it runs no code but the executor's, and its key is a plain
    /// number: nothing is counted when it begins to wait, and nothing dropped when it ends.
    Task(Key),
    /// Whoever else polls: part of a task that has wakers of its own, or another executor.
    Waker(Waker),
}

struct Op {
    kind: Kind,
    /// The kernel will give at least one more completion.
    in_flight: bool,
    /// Nobody will take the completions.
    orphaned: bool,
    /// Whom the next completion wakes that is not [`Op::unheard`].
    waiter: Waiter,
    /// The result of a last completion that the owner need not hear of; 0 for none.
    unheard: i32,
    /// It has given a completion since [`Ops::silent`] was asked last.
    stirred: bool,
    /// It had before, and goes on.
    doubted: bool,
    /// Completions not yet taken. Nearly always there is at most one, so that `later` stays
    /// without an allocation.
    first: Option<Completion>,
    later: VecDeque<Completion>,
    /// What must outlive the operation once its owner is gone.
    keep: Option<Box<dyn Any>>,
}

/// Completions of one receive that may wait for their owner before it is cancelled. The kernel may
/// have made some more by then (up to 32 at once), so that a peer that sends without reading holds
/// some tens of shared buffers at most; after that the socket's own buffer pushes back on it.
const MAX_QUEUED: usize = 8;

/// Likewise of one accept, whose sockets hold places in the ring's table meanwhile.
pub(crate) const MAX_QUEUED_ACCEPTS: usize = 1024;

/// Where a completion went.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// To its owner.
    Owner {
        /// To be woken once the operations are no longer borrowed, since a waker may run any code.
        waiter: Waiter,
        /// The owner has let [`MAX_QUEUED`] completions pile up, or [`MAX_QUEUED_ACCEPTS`]: the
        /// operation should be cancelled.
        /// The owner submits it anew once it has caught up.
        flooded: bool,
    },
    /// To nobody: the caller releases what the completion carries, and drops what was kept for the
    /// operation when it has ended.
    Orphan {
        kind: Kind,
        kept: Option<Box<dyn Any>>,
    },
    /// The key is from an operation that has ended: the kernel or this crate is at fault.
    Stale,
}

/// What a poll found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    /// A completion.
    Ready(Completion),
    /// The kernel has yet to give one; the task is woken then, unless that is an end which it need
    /// not hear of.
    InFlight,
    /// Likewise, once [`Ops::set_waiter`] has told the operation whom to wake.
    NeedsWaiter,
    /// Nothing is submitted.
    Idle,
}

/// What is left of an operation whose owner is gone.
pub(crate) struct Orphaned {
    /// The kernel has it still: it should be cancelled.
    pub(crate) in_flight: bool,
    /// Completions the owner had not taken: what they carry is to be released.
    pub(crate) untaken: Vec<Completion>,
    /// Memory that need not outlive the owner. Its drop may run any code, so the caller does it.
    pub(crate) unused: [Option<Box<dyn Any>>; 2],
    /// Likewise.
    pub(crate) waiter: Waiter,
}

/// All operations of a worker.
pub(crate) struct Ops {
    slots: Slab<Op>,
    in_flight: usize,
}

impl Ops {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            slots: Slab::with_capacity(capacity),
            in_flight: 0,
        }
    }

    /// An operation that has not been submitted yet.
    pub(crate) fn create(&mut self, kind: Kind) -> Key {
        self.slots.insert(Op {
            kind,
            in_flight: false,
            orphaned: false,
            waiter: Waiter::Nobody,
            unheard: 0,
            stirred: false,
            doubted: false,
            first: None,
            later: VecDeque::new(),
            keep: None,
        })
    }

    /// Operations of which the kernel has yet to give the last completion.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Whether the kernel has yet to give the operation's last completion.
    pub(crate) fn is_in_flight(&mut self, key: Key) -> bool {
        self.slots.get_mut(key).is_some_and(|op| op.in_flight)
    }

    /// The operation was put in the submission queue. When it ends with the result `unheard`, unless
    /// that is 0, before [`Ops::poll`] asks for it, nobody is woken, and the owner finds nothing submitted.
    ///
    /// # Panics
    /// When it is in flight already: two operations would share one key.
    #[inline]
    pub(crate) fn submitted(&mut self, key: Key, unheard: i32) {
        let op = self.slots.get_mut(key).expect("the owner holds a live key");
        assert!(!op.in_flight, "the operation is in flight already");
        op.in_flight = true;
        op.unheard = unheard;
        self.in_flight += 1;
    }

    /// A completion arrived; `more` is false for the operation's last.
    #[inline(always)]
    pub(crate) fn deliver(&mut self, key: Key, completion: Completion, more: bool) -> Delivery {
        let Some(op) = self.slots.get_mut(key).filter(|op| op.in_flight) else {
            return Delivery::Stale;
        };
        if !more {
            op.in_flight = false;
            self.in_flight -= 1;
        }
        if op.orphaned {
            let kind = op.kind;
            let kept = if more {
                None
            } else {
                self.slots.remove(key).and_then(|op| op.keep)
            };
            return Delivery::Orphan { kind, kept };
        }
        if op.unheard != 0 && op.unheard == completion.result && !more {
            return Delivery::Owner {
                waiter: Waiter::Nobody,
                flooded: false,
            };
        }
        op.stirred = more;
        op.doubted &= more;
        let waiter = std::mem::take(&mut op.waiter);
        if op.first.is_none() {
            op.first = Some(completion);
            return Delivery::Owner {
                waiter,
                flooded: false,
            };
        }
        op.later.push_back(completion);
        let flood = match op.kind {
            Kind::Accept => MAX_QUEUED_ACCEPTS,
            Kind::Recv | Kind::Send | Kind::Poll => MAX_QUEUED,
        };
        let flooded = more && op.later.len() + 1 == flood;
        Delivery::Owner { waiter, flooded }
    }

    /// The operation could not be submitted after all.
    pub(crate) fn failed(&mut self, key: Key) {
        let op = self.slots.get_mut(key).expect("the owner holds a live key");
        if std::mem::take(&mut op.in_flight) {
            self.in_flight -= 1;
        }
    }

    /// The next completion; or the news that one will come, which wakes `task`, or else whom
    /// [`Ops::set_waiter`] names when this says that it is needed; or that none will.
    #[inline]
    pub(crate) fn poll(&mut self, key: Key, task: Option<Key>) -> Polled {
        let op = self.slots.get_mut(key).expect("the owner holds a live key");
        op.unheard = 0;
        op.poll(task)
    }

    /// Likewise, but the end that is expected still wakes nobody.
    #[inline]
    pub(crate) fn poll_unheard(&mut self, key: Key, task: Option<Key>) -> Polled {
        let op = self.slots.get_mut(key).expect("the owner holds a live key");
        op.poll(task)
    }

    /// Tells the operation whom to wake; whom it knew before is returned, as dropping a waker may
    /// run any code.
    pub(crate) fn set_waiter(&mut self, key: Key, waiter: Waiter) -> Waiter {
        let op = self.slots.get_mut(key).expect("the owner holds a live key");
        std::mem::replace(&mut op.waiter, waiter)
    }

    /// The owner is gone. `memory` lives until the operation ends.
    pub(crate) fn orphan(&mut self, key: Key, memory: Option<Box<dyn Any>>) -> Orphaned {
        let op = self.slots.get_mut(key).expect("the owner holds a live key");
        let untaken = op
            .first
            .take()
            .into_iter()
            .chain(op.later.drain(..))
            .collect();
        let in_flight = op.in_flight;
        let waiter = std::mem::take(&mut op.waiter);
        let unused = if in_flight {
            op.orphaned = true;
            match memory {
                Some(memory) => [op.keep.replace(memory), None],
                None => [None, None],
            }
        } else {
            [self.slots.remove(key).and_then(|op| op.keep), memory]
        };
        Orphaned {
            in_flight,
            untaken,
            unused,
            waiter,
        }
    }

    /// Everybody who waits for an operation of this kind, to be woken to see that the worker's
    /// state has changed.
    pub(crate) fn take_waiters(&mut self, kind: Kind) -> Vec<Waiter> {
        let ops = self.slots.iter_mut().filter(|(_, op)| op.kind == kind);
        ops.map(|(_, op)| std::mem::take(&mut op.waiter)).collect()
    }

    /// Names each receive that goes on, has given something, and has been silent since the last call:
    /// `most` of them, and until they end. True when the next call may name some.
    pub(crate) fn silent(&mut self, most: usize, mut name: impl FnMut(Key)) -> bool {
        let (mut others, mut named) = (false, 0);
        for (key, op) in self.slots.iter_mut() {
            if op.kind != Kind::Recv || !op.in_flight || op.orphaned {
                continue;
            }
            if std::mem::take(&mut op.stirred) {
                op.doubted = true;
                others = true;
            } else if op.doubted {
                others = true;
                if named < most {
                    named += 1;
                    name(key);
                }
            }
        }
        others
    }
}

impl Op {
    #[inline]
    fn poll(&mut self, task: Option<Key>) -> Polled {
        match self.first.take() {
            Some(completion) => {
                self.first = self.later.pop_front();
                Polled::Ready(completion)
            }
            None if self.in_flight => match (task, &self.waiter) {
                (Some(task), Waiter::Nobody | Waiter::Task(_)) => {
                    self.waiter = Waiter::Task(task);
                    Polled::InFlight
                }
                _ => Polled::NeedsWaiter,
            },
            None => Polled::Idle,
        }
    }
}

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod tests;
