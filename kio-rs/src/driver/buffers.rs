//! Receive buffers that all connections of a worker share. With io_uring they are in a buffer ring:
//! the kernel takes one when data arrives, the completion names it, and it is given back once its
//! bytes are used. With epoll this side does the same from a stack of them.
//!
//! Memory order. The ring's tail is the only word both sides touch without a system call between:
//! this side writes entries and then the tail with release, the kernel reads the tail with acquire
//! (`smp_load_acquire(&br->tail)` in `io_uring/kbuf.c`) and then the entries, so that it never sees
//! an entry before it is written, and does not write to a buffer before this side has read it for
//! the last time. In the other direction a buffer is handed over by a completion queue entry;
//! taking that out acquires the completion queue's tail, which orders the kernel's writes to the
//! buffer before this side's reads. The tail is this side's alone to write, so that it is counted
//! in a plain field and never read back.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::types::BufRingEntry;
use io_uring::{Submitter, cqueue};
use nix::unistd::{SysconfVar, sysconf};

use crate::config::Config;
use crate::error::Error;

/// From `linux/io_uring.h`; the bindings keep theirs private.
const CQE_F_BUFFER: u32 = 1;
const CQE_BUFFER_SHIFT: u32 = 16;

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

/// The ring's entries, which the kernel reads.
struct Entries {
    pages: Pages,
    mask: u16,
    tail: u16,
}

impl Entries {
    /// Writes the entry at the tail and publishes it.
    #[inline]
    fn offer(&mut self, buffer: u16, address: NonNull<u8>, bytes: u32) {
        let base = self.pages.start.cast::<BufRingEntry>();
        // SAFETY: the index is masked to the ring's length, for which the pages were allocated.
        let entry = unsafe { base.add(usize::from(self.tail & self.mask)) };
        // SAFETY: the pages are valid and zeroed, and the kernel does not read an entry between
        // its consumption (which this buffer's hand-over implies) and the next tail.
        let entry = unsafe { &mut *entry.as_ptr() };
        entry.set_addr(address.as_ptr() as u64);
        entry.set_len(bytes);
        entry.set_bid(buffer);
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: the base is that of a live ring.
        let tail = unsafe { BufRingEntry::tail(base.as_ptr()) };
        // SAFETY: the tail is an aligned u16 in the live pages, which the kernel only reads.
        let tail = unsafe { AtomicU16::from_ptr(tail.cast_mut()) };
        tail.store(self.tail, Ordering::Release);
    }
}

/// Where buffers are when nobody holds them.
enum Home {
    /// In a ring that is registered with the kernel, which takes them from its head.
    Ring(Entries),
    /// On a stack, from which this side takes the one that was used last and is warm.
    Pool(Vec<u16>),
}

/// The buffers that a worker's connections share. Those of a ring are unregistered, or their
/// io_uring is closed, before this is dropped.
pub(crate) struct Buffers {
    memory: Pages,
    buffer_bytes: u32,
    ledger: Ledger,
    home: Home,
}

impl Buffers {
    /// Buffers that the kernel fills as data arrives (Linux 5.19).
    pub(super) fn registered(submitter: &Submitter<'_>, config: &Config) -> Result<Self, Error> {
        let count = config.buffers;
        if !count.is_power_of_two() || count > 1 << 15 {
            let limit = "a buffer ring has a power of two buffers, at most 32768";
            return Err(Error::Config(format!("{limit}, not {count}")));
        }
        let pages = Pages::new(usize::from(count) * size_of::<BufRingEntry>());
        let address = pages.start.as_ptr() as u64;
        let mut buffers = Self::new(
            config,
            Home::Ring(Entries {
                pages,
                mask: count - 1,
                tail: 0,
            }),
        );
        (0..count).for_each(|buffer| buffers.put(buffer));
        // SAFETY: the pages are zeroed, aligned, long enough for the entries, and live until the
        // ring is unregistered or closed (the promise on this type).
        unsafe { submitter.register_buf_ring_with_flags(address, count, GROUP, 0) }.map_err(
            |source| match source.raw_os_error() {
                Some(libc::EINVAL) => Error::unsupported("a buffer ring", "5.19"),
                _ => Error::ring("registering the buffer ring")(source),
            },
        )?;
        Ok(buffers)
    }

    /// Buffers that this side fills.
    pub(super) fn pool(config: &Config) -> Self {
        Self::new(config, Home::Pool((0..config.buffers).rev().collect()))
    }

    fn new(config: &Config, home: Home) -> Self {
        Self {
            // What does not fit in memory is refused by the allocation, also where a product wraps.
            memory: Pages::new(
                usize::from(config.buffers).saturating_mul(config.buffer_bytes as usize),
            ),
            buffer_bytes: config.buffer_bytes,
            ledger: Ledger::new(config.buffers),
            home,
        }
    }

    #[inline]
    fn address(&self, buffer: u16) -> NonNull<u8> {
        assert!(
            usize::from(buffer) < self.ledger.held.len(),
            "the buffer exists"
        );
        // SAFETY: the buffer exists, so that the offset is inside the pages.
        unsafe {
            self.memory
                .start
                .add(usize::from(buffer) * self.buffer_bytes as usize)
        }
    }

    #[inline]
    fn put(&mut self, buffer: u16) {
        let address = self.address(buffer);
        match &mut self.home {
            Home::Ring(entries) => entries.offer(buffer, address, self.buffer_bytes),
            Home::Pool(free) => free.push(buffer),
        }
    }

    /// Takes a buffer of the pool, to be filled.
    pub(super) fn lend(&mut self) -> Option<u16> {
        match &mut self.home {
            Home::Ring(_) => None,
            Home::Pool(free) => free.pop(),
        }
    }

    /// The whole of a buffer that was lent.
    pub(super) fn lent(&mut self, buffer: u16) -> &mut [u8] {
        let bytes = NonNull::slice_from_raw_parts(self.address(buffer), self.buffer_bytes as usize);
        assert!(
            !self.ledger.held[usize::from(buffer)],
            "a lent buffer is not held by a connection"
        );
        // SAFETY: zeroed memory of this length; nobody else has a reference to it, as it is neither
        // in the pool nor held, and the kernel does not know it.
        unsafe { &mut *bytes.as_ptr() }
    }

    /// Puts back a buffer that was lent and not filled.
    pub(super) fn take_back(&mut self, buffer: u16) {
        self.put(buffer);
    }

    /// The completion flags that say that `buffer` was filled.
    pub(crate) fn flags(buffer: u16) -> u32 {
        u32::from(buffer) << CQE_BUFFER_SHIFT | CQE_F_BUFFER
    }

    /// The buffer that a completion names, now held by this side.
    #[inline]
    pub(crate) fn received(&mut self, flags: u32) -> Option<u16> {
        let buffer = cqueue::buffer_select(flags)?;
        self.ledger.take(buffer);
        Some(buffer)
    }

    /// Where a held buffer's bytes begin: `length` of them are readable until it is given back.
    #[inline]
    pub(crate) fn bytes(&self, buffer: u16, length: usize) -> NonNull<[u8]> {
        assert!(
            length <= self.buffer_bytes as usize,
            "no more was written than a buffer holds"
        );
        NonNull::slice_from_raw_parts(self.address(buffer), length)
    }

    /// Gives a held buffer back.
    #[inline]
    pub(crate) fn give_back(&mut self, buffer: u16) {
        self.ledger.give_back(buffer);
        self.put(buffer);
    }
}

#[cfg(test)]
mod tests;
