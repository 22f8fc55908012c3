//! Bytes that the kernel may read while their owner is moved.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

/// Owned bytes that stay where they are when the value is moved.
///
/// # Safety
/// [`StableBytes::bytes`] gives the same, unchanging bytes at the same address for as long as the
/// value lives, wherever it is moved and even when it is leaked.
pub unsafe trait StableBytes: Unpin + 'static {
    /// The bytes.
    fn bytes(&self) -> &[u8];
}

// SAFETY: static bytes never move.
unsafe impl StableBytes for &'static [u8] {
    fn bytes(&self) -> &[u8] {
        self
    }
}

// SAFETY: a vector's bytes are on the heap, and nobody can change them without a `&mut`, which
// none of the owners here gives out.
unsafe impl StableBytes for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }
}

// SAFETY: as for a vector.
unsafe impl StableBytes for Box<[u8]> {
    fn bytes(&self) -> &[u8] {
        self
    }
}

// SAFETY: on the heap, and shared bytes without interior mutability do not change.
unsafe impl StableBytes for Rc<[u8]> {
    fn bytes(&self) -> &[u8] {
        self
    }
}

// SAFETY: as for `Rc`.
unsafe impl StableBytes for Arc<[u8]> {
    fn bytes(&self) -> &[u8] {
        self
    }
}

// SAFETY: static bytes or a vector's.
unsafe impl StableBytes for Cow<'static, [u8]> {
    fn bytes(&self) -> &[u8] {
        self
    }
}
