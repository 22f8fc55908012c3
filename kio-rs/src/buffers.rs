//! The buffer ring: receive buffers that all connections of a worker share. The kernel takes one
//! when data arrives, the completion names it, and it is given back once its bytes are used.
//!
//! Memory order. The ring's tail is the only word both sides touch without a system call between:
//! this side writes entries and then the tail with release, the kernel reads the tail with acquire
//! (`smp_load_acquire(&br->tail)` in `io_uring/kbuf.c`) and then the entries, so that it never sees
//! an entry before it is written. In the other direction a buffer is handed over by a completion
//! queue entry; taking that out acquires the completion queue's tail, which orders the kernel's
//! writes to the buffer before this side's reads.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::types::BufRingEntry;
use io_uring::{Submitter, cqueue};
use nix::unistd::{SysconfVar, sysconf};

use crate::config::Config;
use crate::error::Error;

/// The only buffer group of a worker's ring.
pub(crate) const GROUP: u16 = 0;

/// The kernel wants the entries at the start of a page; its size depends on the machine (64 KiB on
/// some of aarch64).
fn page_bytes() -> usize {
    let configured = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    configured
        .and_then(|bytes| usize::try_from(bytes).ok())
        .unwrap_or(1 << 16)
}

/// Page-aligned zeroed memory, freed on drop.
struct Pages {
    start: NonNull<u8>,
    layout: Layout,
}

impl Pages {
    fn new(bytes: usize) -> Self {
        let page = page_bytes();
        let layout =
            Layout::from_size_align(bytes.max(page), page).expect("a buffer ring fits in memory");
        // SAFETY: the layout's size is not zero.
        let start = unsafe { alloc_zeroed(layout) };
        let start = NonNull::new(start).unwrap_or_else(|| handle_alloc_error(layout));
        Self { start, layout }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout, and freed only here.
        unsafe { dealloc(self.start.as_ptr(), self.layout) }
    }
}

/// Which buffers this side holds. Free of system calls and of memory: only the numbers.
#[derive(Debug)]
pub(crate) struct Ledger {
    held: Vec<bool>,
}

impl Ledger {
    fn new(buffers: u16) -> Self {
        Self {
            held: vec![false; usize::from(buffers)],
        }
    }

    /// The kernel handed the buffer over.
    ///
    /// # Panics
    /// When it is held already or does not exist: two readers would share its bytes.
    #[inline]
    fn take(&mut self, buffer: u16) {
        let held = self
            .held
            .get_mut(usize::from(buffer))
            .expect("the kernel names a buffer of the ring");
        assert!(
            !std::mem::replace(held, true),
            "the kernel handed a buffer over twice"
        );
    }

    /// The buffer goes back.
    #[inline]
    fn give_back(&mut self, buffer: u16) {
        let held = std::mem::replace(&mut self.held[usize::from(buffer)], false);
        assert!(held, "a buffer is given back once");
    }
}

/// A registered buffer ring. Unregister it, or close its io_uring, before it is dropped.
pub(crate) struct BufferRing {
    entries: Pages,
    memory: Pages,
    buffer_bytes: u32,
    mask: u16,
    tail: u16,
    ledger: Ledger,
}

impl BufferRing {
    /// Registers a ring full of buffers (Linux 5.19).
    pub(crate) fn register(submitter: &Submitter<'_>, config: &Config) -> Result<Self, Error> {
        let buffers = config.buffers;
        if !buffers.is_power_of_two() || buffers > 1 << 15 {
            return Err(Error::Config(format!(
                "a buffer ring has a power of two buffers, at most 32768, not {buffers}"
            )));
        }
        let mut ring = Self {
            entries: Pages::new(usize::from(buffers) * size_of::<BufRingEntry>()),
            memory: Pages::new(usize::from(buffers) * config.buffer_bytes as usize),
            buffer_bytes: config.buffer_bytes,
            mask: buffers - 1,
            tail: 0,
            ledger: Ledger::new(buffers),
        };
        for buffer in 0..buffers {
            ring.offer(buffer);
        }
        let address = ring.entries.start.as_ptr() as u64;
        // SAFETY: the pages are zeroed, aligned, long enough for the entries, and live until the
        // ring is unregistered or closed (the promise on this type).
        unsafe { submitter.register_buf_ring_with_flags(address, buffers, GROUP, 0) }.map_err(
            |source| match source.raw_os_error() {
                Some(libc::EINVAL) => Error::unsupported("a buffer ring", "5.19"),
                _ => Error::io("registering the buffer ring")(source),
            },
        )?;
        Ok(ring)
    }

    /// Writes the ring entry at the tail and publishes it.
    #[inline]
    fn offer(&mut self, buffer: u16) {
        let base = self.entries.start.cast::<BufRingEntry>();
        // SAFETY: the index is masked to the ring's length, for which the pages were allocated.
        let entry = unsafe { base.add(usize::from(self.tail & self.mask)) };
        let address = self.address(buffer).as_ptr() as u64;
        // SAFETY: the pages are valid and zeroed, and the kernel does not read an entry between
        // its consumption (which this buffer's hand-over implies) and the next tail.
        let entry = unsafe { &mut *entry.as_ptr() };
        entry.set_addr(address);
        entry.set_len(self.buffer_bytes);
        entry.set_bid(buffer);
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: the base is that of a live ring.
        let tail = unsafe { BufRingEntry::tail(base.as_ptr()) };
        // SAFETY: the tail is an aligned u16 in the live pages, which the kernel only reads.
        let tail = unsafe { AtomicU16::from_ptr(tail.cast_mut()) };
        tail.store(self.tail, Ordering::Release);
    }

    #[inline]
    fn address(&self, buffer: u16) -> NonNull<u8> {
        // SAFETY: `buffer` is at most the mask (the ledger has checked it), so that the offset is
        // inside the pages.
        unsafe {
            self.memory
                .start
                .add(usize::from(buffer) * self.buffer_bytes as usize)
        }
    }

    /// The buffer that a completion names, now held by this side.
    #[inline]
    pub(crate) fn take(&mut self, flags: u32) -> Option<u16> {
        let buffer = cqueue::buffer_select(flags)?;
        self.ledger.take(buffer);
        Some(buffer)
    }

    /// Where the buffer's bytes begin: `length` of them are readable until it is given back.
    #[inline]
    pub(crate) fn bytes(&self, buffer: u16, length: usize) -> NonNull<[u8]> {
        assert!(
            length <= self.buffer_bytes as usize,
            "the kernel wrote no more than a buffer holds"
        );
        NonNull::slice_from_raw_parts(self.address(buffer), length)
    }

    /// Gives a held buffer back to the kernel.
    #[inline]
    pub(crate) fn give_back(&mut self, buffer: u16) {
        self.ledger.give_back(buffer);
        self.offer(buffer);
    }

    /// Takes the ring back from the kernel, before the memory goes.
    pub(crate) fn unregister(&self, submitter: &Submitter<'_>) -> io::Result<()> {
        submitter.unregister_buf_ring(GROUP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_lent_and_given_back_in_turn() {
        let mut ledger = Ledger::new(2);
        for _ in 0..3 {
            ledger.take(1);
            ledger.take(0);
            ledger.give_back(1);
            ledger.give_back(0);
        }
    }

    #[test]
    #[should_panic(expected = "twice")]
    fn a_buffer_lent_twice_is_caught() {
        let mut ledger = Ledger::new(2);
        ledger.take(1);
        ledger.take(1);
    }

    #[test]
    #[should_panic(expected = "once")]
    fn a_buffer_given_back_twice_is_caught() {
        let mut ledger = Ledger::new(1);
        ledger.take(0);
        ledger.give_back(0);
        ledger.give_back(0);
    }
}
