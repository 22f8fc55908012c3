//! What the epoll driver knows of each descriptor. Free of system calls.

use std::cell::RefCell;
use std::os::fd::RawFd;

use crate::slab::Key;

/// What is known of a descriptor.
#[derive(Clone, Copy, Default)]
pub(super) struct Descriptor {
    pub(super) registered: bool,
    /// An edge has come since the last read that took everything; always after the peer's end.
    pub(super) readable: bool,
    /// The peer has ended its side, of which there is no second edge.
    pub(super) ended: bool,
    /// The operation that accepts or receives at the next edge.
    pub(super) read: Option<Key>,
    /// The operation that sends at the next edge.
    pub(super) write: Option<Key>,
}

/// By their numbers.
#[derive(Default)]
pub(super) struct Descriptors(RefCell<Vec<Descriptor>>);

impl Descriptors {
    pub(super) fn with<T>(&self, fd: RawFd, act: impl FnOnce(&mut Descriptor) -> T) -> T {
        let mut descriptors = self.0.borrow_mut();
        let index = usize::try_from(fd).expect("an open descriptor is not negative");
        if descriptors.len() <= index {
            descriptors.resize(index + 1, Descriptor::default());
        }
        act(&mut descriptors[index])
    }

    /// Takes every operation that waits for an edge.
    pub(super) fn take_waiting(&self) -> Vec<Key> {
        let mut descriptors = self.0.borrow_mut();
        let both = descriptors
            .iter_mut()
            .flat_map(|descriptor| [descriptor.read.take(), descriptor.write.take()]);
        both.flatten().collect()
    }
}
