//! The buffers that the kernel fills with what comes from the server, in a buffer ring.
//!
//! Memory order: entries are written before the ring's tail, which is stored with release; the kernel
//! loads it with acquire. In the other direction a buffer is handed over by a completion, and taking
//! that out of its queue acquires what the kernel wrote before.
//!
//! The memory is never freed: operations of a ring that is closed end when the kernel gets to it, and
//! until then it may write.
#![allow(unsafe_code, reason = "the kernel shares this memory")]

use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::Submitter;
use io_uring::types::BufRingEntry;

/// The only group of buffers of a ring.
pub(crate) const GROUP: u16 = 0;
/// As many as a buffer ring can have.
const MOST: usize = 1 << 15;
/// No smaller, since a cache line is the least that is moved, and no longer: what does not fit into
/// one buffer comes in several.
const BYTES: (usize, usize) = (64, 1 << 14);
/// The kernel wants the entries at the start of a page, of which 64 KiB are the largest there are.
const PAGE: usize = 1 << 16;

/// A buffer ring that is registered.
#[derive(Debug)]
pub(crate) struct Buffers {
    entries: NonNull<BufRingEntry>,
    memory: NonNull<u8>,
    bytes: usize,
    count: u16,
    tail: u16,
}

impl Buffers {
    /// A buffer for each of `connections`, and some more, each for an answer of `bytes` where that is
    /// not too much.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(crate) fn register(
        submitter: &Submitter<'_>,
        connections: usize,
        bytes: usize,
    ) -> io::Result<Self> {
        let bytes = bytes.next_power_of_two().clamp(BYTES.0, BYTES.1);
        let count = (connections + 8).next_power_of_two().min(MOST);
        let mut buffers = Self {
            entries: zeroed(count * size_of::<BufRingEntry>()).cast(),
            memory: zeroed(count * bytes),
            bytes,
            count: u16::try_from(count).expect("at most 32768 buffers"),
            tail: 0,
        };
        for buffer in 0..buffers.count {
            buffers.give_back(buffer);
        }
        buffers.publish();
        let address = buffers.entries.as_ptr() as u64;
        // SAFETY: the entries are zeroed or written, at the start of a page, as many as said, and
        // never freed.
        unsafe {
            submitter.register_buf_ring_with_flags(address, buffers.count, GROUP, 0)?;
        }
        Ok(buffers)
    }

    /// The `length` bytes that the kernel has written into a buffer, which is not given back yet.
    #[inline]
    pub(crate) fn filled(&self, buffer: u16, length: usize) -> &[u8] {
        assert!(
            buffer < self.count && length <= self.bytes,
            "the kernel names what it was given"
        );
        // SAFETY: the buffer lies within the memory, as was just asserted.
        let start = unsafe { self.memory.add(usize::from(buffer) * self.bytes) };
        // SAFETY: the bytes are initialised and the kernel does not write to a buffer between its
        // completion and its return, for which `self` would have to be borrowed mutably.
        unsafe { std::slice::from_raw_parts(start.as_ptr(), length) }
    }

    /// Offers a buffer to the kernel, from the next [`Self::publish`] on.
    #[inline]
    pub(crate) fn give_back(&mut self, buffer: u16) {
        assert!(buffer < self.count, "the kernel names what it was given");
        let address = self.memory.as_ptr() as u64 + u64::from(buffer) * self.bytes as u64;
        let place = usize::from(self.tail & (self.count - 1));
        // SAFETY: the place is masked to the number of entries.
        let entry = unsafe { self.entries.add(place) };
        // SAFETY: the kernel does not read an entry between the end of its use, which this buffer's
        // completion implies, and the tail that is stored after it.
        let entry = unsafe { &mut *entry.as_ptr() };
        entry.set_addr(address);
        entry.set_len(u32::try_from(self.bytes).expect("a buffer is short"));
        entry.set_bid(buffer);
        self.tail = self.tail.wrapping_add(1);
    }

    /// Lets the kernel see what was given back.
    #[inline]
    pub(crate) fn publish(&mut self) {
        // SAFETY: the base is that of the entries, which are initialised and never freed.
        let tail = unsafe { BufRingEntry::tail(self.entries.as_ptr()) };
        // SAFETY: the tail is an aligned u16 in that memory, which the kernel only reads.
        let tail = unsafe { AtomicU16::from_ptr(tail.cast_mut()) };
        tail.store(self.tail, Ordering::Release);
    }
}

/// Memory of zeros at the start of a page, never freed.
fn zeroed(bytes: usize) -> NonNull<u8> {
    let layout = Layout::from_size_align(bytes.max(1), PAGE).expect("buffers fit in memory");
    // SAFETY: the layout's size is not zero.
    let start = unsafe { alloc_zeroed(layout) };
    NonNull::new(start).unwrap_or_else(|| handle_alloc_error(layout))
}
