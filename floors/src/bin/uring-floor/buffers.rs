//! Receive buffers that all connections of a worker share: the kernel takes one from their ring when
//! data arrives, the completion names it, and it goes back as soon as its bytes are parsed.
//!
//! Memory order. The ring's tail is the only word that both sides touch without a system call
//! between: this side writes entries and then the tail with release, the kernel reads the tail with
//! acquire and then the entries. In the other direction a buffer is handed over by a completion;
//! taking that out acquires the completion queue's tail, which orders the kernel's writes to the
//! buffer before this side's reads.

use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result};
use io_uring::types::BufRingEntry;
use io_uring::{Submitter, cqueue};
use nix::unistd::{SysconfVar, sysconf};

use crate::args::Args;
use crate::refusal::{refused, unsupported};

/// The only buffer group of a worker's ring.
pub(crate) const GROUP: u16 = 0;

/// `IOU_PBUF_RING_INC` of `linux/io_uring.h`; the bindings keep theirs private.
const INCREMENTAL: u16 = 2;

/// The buffers of a worker. Their memory is never freed, as the kernel may write to it for as long
/// as the ring lives.
pub(crate) struct Buffers {
    memory: NonNull<u8>,
    bytes: u32,
    count: u16,
    ring: NonNull<BufRingEntry>,
    /// Entries written so far; its low bits are the place of the next.
    tail: u16,
    /// Which buffer is at each place of the ring.
    order: Vec<u16>,
    /// At which place each buffer is or was last.
    place: Vec<u16>,
    /// How much of each buffer is used up, where the kernel takes them piece by piece.
    used: Option<Vec<u32>>,
}

impl Buffers {
    pub(crate) fn register(submitter: &Submitter<'_>, args: &Args) -> Result<Self> {
        let count = args.buffers;
        let entries = pages(usize::from(count) * size_of::<BufRingEntry>())?;
        let mut buffers = Self {
            memory: pages(usize::from(count) * args.buffer_bytes as usize)?,
            bytes: args.buffer_bytes,
            count,
            ring: entries.cast(),
            tail: 0,
            order: vec![0; usize::from(count)],
            place: vec![0; usize::from(count)],
            used: args.incremental.then(|| vec![0; usize::from(count)]),
        };
        (0..count).for_each(|buffer| buffers.give_back(buffer));
        buffers.publish();
        let flags = if args.incremental { INCREMENTAL } else { 0 };
        let address = entries.as_ptr() as u64;
        // SAFETY: the pages are aligned, long enough for the entries, and never freed.
        unsafe { submitter.register_buf_ring_with_flags(address, count, GROUP, flags) }.map_err(
            |source| match source.raw_os_error() {
                Some(libc::EINVAL) if args.incremental => unsupported(
                    "incremental use of buffers",
                    "6.12",
                    "leave --incremental out",
                ),
                Some(libc::EINVAL) => unsupported("a buffer ring", "5.19", "give --recv one-shot"),
                _ => refused("registering the buffer ring")(source),
            },
        )?;
        Ok(buffers)
    }

    /// Reads what a completion says was received, in one piece or several, and gives the buffers
    /// back.
    ///
    /// # Panics
    /// When the kernel names what is not there.
    #[inline]
    pub(crate) fn take(&mut self, flags: u32, length: u32, mut read: impl FnMut(&[u8])) {
        let Some(mut buffer) = cqueue::buffer_select(flags) else {
            assert_eq!(length, 0, "what is received is in a buffer");
            return;
        };
        assert!(buffer < self.count, "the kernel names a buffer of the ring");
        if self.used.is_some() {
            return self.take_piece(buffer, flags, length, read);
        }
        let mut left = length;
        loop {
            let here = left.min(self.bytes);
            if here > 0 {
                read(self.slice(buffer, 0, here));
            }
            left -= here;
            let following = self.place[usize::from(buffer)].wrapping_add(1) & (self.count - 1);
            let following = self.order[usize::from(following)];
            self.give_back(buffer);
            if left == 0 {
                return;
            }
            // A bundle goes on in the buffer that was behind this one in the ring.
            buffer = following;
        }
    }

    fn take_piece(&mut self, buffer: u16, flags: u32, length: u32, mut read: impl FnMut(&[u8])) {
        let Some(used) = &mut self.used else { return };
        let start = used[usize::from(buffer)];
        let goes_on = cqueue::buffer_more(flags);
        used[usize::from(buffer)] = if goes_on { start + length } else { 0 };
        if length > 0 {
            read(self.slice(buffer, start, length));
        }
        if !goes_on {
            self.give_back(buffer);
        }
    }

    #[inline]
    fn slice(&self, buffer: u16, start: u32, length: u32) -> &[u8] {
        assert!(
            start
                .checked_add(length)
                .is_some_and(|end| end <= self.bytes),
            "no more was written than a buffer holds"
        );
        let offset = usize::from(buffer) * self.bytes as usize + start as usize;
        // SAFETY: the buffer is below the count, so that the offset is inside the memory.
        let address = unsafe { self.memory.add(offset) };
        // SAFETY: so is the end. The memory is zeroed at first, and the kernel has let go of this
        // part of it until `give_back` is made known.
        unsafe { slice::from_raw_parts(address.as_ptr(), length as usize) }
    }

    /// Puts a buffer at the ring's end, for the kernel to see at the next [`Self::publish`].
    #[inline]
    fn give_back(&mut self, buffer: u16) {
        let place = self.tail & (self.count - 1);
        self.order[usize::from(place)] = buffer;
        self.place[usize::from(buffer)] = place;
        // SAFETY: the place is masked to the ring's length, for which the pages were allocated.
        let entry = unsafe { self.ring.add(usize::from(place)) };
        // SAFETY: the pages are valid and zeroed, and the kernel does not look at an entry between
        // its consumption (which this buffer's hand-over implies) and the next tail.
        let entry = unsafe { &mut *entry.as_ptr() };
        entry.set_addr(self.memory.as_ptr() as u64 + u64::from(buffer) * u64::from(self.bytes));
        entry.set_len(self.bytes);
        entry.set_bid(buffer);
        self.tail = self.tail.wrapping_add(1);
    }

    /// Makes the buffers that were given back known to the kernel.
    #[inline]
    pub(crate) fn publish(&mut self) {
        // SAFETY: the base is that of a live ring.
        let tail = unsafe { BufRingEntry::tail(self.ring.as_ptr()) };
        // SAFETY: the tail is an aligned u16 in the pages, which the kernel only reads.
        let tail = unsafe { AtomicU16::from_ptr(tail.cast_mut()) };
        tail.store(self.tail, Ordering::Release);
    }
}

/// Zeroed memory that begins with a page, as the kernel wants of a ring. The size of a page depends
/// on the machine (64 KiB on some of aarch64).
fn pages(bytes: usize) -> Result<NonNull<u8>> {
    let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    let page = page
        .and_then(|bytes| usize::try_from(bytes).ok())
        .unwrap_or(1 << 16);
    let layout = Layout::from_size_align(bytes.max(page), page)
        .context("the buffers do not fit in memory: lower --buffers or --buffer-bytes")?;
    // SAFETY: the layout's size is not zero.
    let start = unsafe { alloc_zeroed(layout) };
    Ok(NonNull::new(start).unwrap_or_else(|| handle_alloc_error(layout)))
}
