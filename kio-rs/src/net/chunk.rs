//! Bytes that were received, lent to the task until it has used them.

use std::ops::Deref;
use std::ptr::NonNull;

use super::recv::RecvHalf;

/// Where received bytes are.
pub(super) enum Place {
    /// Nowhere: the peer has ended its side.
    End,
    /// In a shared buffer that this chunk holds.
    Shared { buffer: u16, bytes: NonNull<[u8]> },
    /// At the start of the connection's own buffer.
    Own { length: usize },
}

/// Bytes that a connection received, empty when the peer has ended its side. Dropping it gives the
/// buffer back to the worker: use the bytes at once, and copy what is needed longer.
pub struct Chunk<'a> {
    pub(super) half: &'a mut RecvHalf,
    pub(super) place: Place,
}

impl Deref for Chunk<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.place {
            Place::End => &[],
            // SAFETY: the buffer is held by this chunk until its drop, so that the kernel does not
            // write to it; its bytes were written before the completion that named it was taken.
            Place::Shared { bytes, .. } => unsafe { bytes.as_ref() },
            Place::Own { length } => self.half.own(*length),
        }
    }
}

impl Drop for Chunk<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Place::Shared { buffer, .. } = self.place {
            self.half.give_back(buffer);
        }
    }
}
