//! Received bytes.

use std::ops::Deref;
use std::ptr::NonNull;

use super::recv::RecvHalf;

/// Where received bytes are.
#[derive(Clone, Copy)]
pub(super) struct Received {
    /// In a shared buffer, in the connection's own, or nowhere.
    pub(super) bytes: NonNull<[u8]>,
    /// The shared buffer, which is to be given back.
    pub(super) buffer: Option<u16>,
}

impl Received {
    /// The peer has ended its side.
    pub(super) const END: Self = Self {
        bytes: NonNull::slice_from_raw_parts(NonNull::dangling(), 0),
        buffer: None,
    };
}

/// Bytes that a connection received, empty when the peer has ended its side. Dropping it gives the
/// buffer back to the worker: use the bytes at once, and copy what is needed longer.
pub struct Chunk<'a> {
    pub(super) half: &'a mut RecvHalf,
    pub(super) received: Received,
}

impl Deref for Chunk<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: bytes in a shared buffer are held by this chunk until its drop; those in the
        // connection's own buffer stay while the chunk borrows the half that has it, which receives
        // nothing meanwhile. So the kernel does not write to either; it wrote before the completion
        // that was taken. No bytes at all need no memory.
        unsafe { self.received.bytes.as_ref() }
    }
}

impl Drop for Chunk<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(buffer) = self.received.buffer {
            self.half.give_back(buffer);
        }
    }
}
