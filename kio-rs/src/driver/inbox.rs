//! Hands a turn's completions to their operations, and gathers those that have no owner.

use std::any::Any;
use std::cell::RefMut;

use server_kit::Counters;

use crate::op::{Completion, Delivery, Kind, Ops};
use crate::slab::Key;

/// A completion for an operation without an owner, and what was kept for the operation.
pub(super) struct Leftover {
    pub(super) kind: Kind,
    pub(super) completion: Completion,
    pub(super) kept: Option<Box<dyn Any>>,
}

pub(super) struct Inbox<'a> {
    pub(super) ops: RefMut<'a, Ops>,
    /// What is to be released once the operations are no longer borrowed.
    pub(super) leftovers: &'a mut Vec<Leftover>,
    pub(super) counters: &'a Counters,
}

impl Inbox<'_> {
    /// True when the operation's owner is too far behind, and the operation should be cancelled.
    #[inline]
    pub(super) fn deliver(&mut self, key: Key, completion: Completion, more: bool) -> bool {
        match self.ops.deliver(key, completion, more) {
            Delivery::Owner => {}
            Delivery::Flooded => return true,
            Delivery::Orphan { kind, kept } => self.leftovers.push(Leftover {
                kind,
                completion,
                kept,
            }),
            Delivery::Stale => self.counters.errors.add(1),
        }
        false
    }
}
