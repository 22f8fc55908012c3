//! Hands a turn's completions to their operations, and gathers those that have no owner.

use std::any::Any;
use std::cell::RefMut;
use std::task::Waker;

use server_kit::Counters;

use crate::executor::WOKEN_AT_ONCE;
use crate::op::{Completion, Delivery, Kind, Ops, Waiter};
use crate::slab::Key;

/// A completion for an operation without an owner, and what was kept for the operation.
pub(super) struct Leftover {
    pub(super) kind: Kind,
    pub(super) completion: Completion,
    pub(super) kept: Option<Box<dyn Any>>,
}

/// What is to be done once the operations are no longer borrowed.
#[derive(Default)]
pub(super) struct Aftermath {
    pub(super) leftovers: Vec<Leftover>,
    /// Tasks to be woken.
    pub(super) tasks: Vec<Key>,
    pub(super) wakers: Vec<Waker>,
}

impl Aftermath {
    pub(super) fn new() -> Self {
        Self {
            tasks: Vec::with_capacity(WOKEN_AT_ONCE),
            ..Self::default()
        }
    }
}

pub(super) struct Inbox<'a> {
    pub(super) ops: RefMut<'a, Ops>,
    pub(super) aftermath: &'a mut Aftermath,
    pub(super) counters: &'a Counters,
}

impl Inbox<'_> {
    /// True when the operation's owner is too far behind, and the operation should be cancelled.
    #[inline(always)]
    pub(super) fn deliver(&mut self, key: Key, completion: Completion, more: bool) -> bool {
        match self.ops.deliver(key, completion, more) {
            Delivery::Owner { waiter, flooded } => {
                match waiter {
                    Waiter::Nobody => {}
                    Waiter::Task(task) => self.aftermath.tasks.push(task),
                    Waiter::Waker(waker) => self.aftermath.wakers.push(waker),
                }
                return flooded;
            }
            Delivery::Orphan { kind, kept } => {
                self.aftermath.leftovers.push(Leftover {
                    kind,
                    completion,
                    kept,
                });
            }
            Delivery::Stale => self.counters.errors.add(1),
        }
        false
    }
}
