//! The accounts of buffers, and whole buffers against a kernel that is a model: it takes entries
//! from the ring's head, writes into what they name, and hands it over.

use std::collections::VecDeque;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::testing;

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

#[test]
#[should_panic(expected = "a buffer of the ring")]
fn a_buffer_that_does_not_exist_is_caught() {
    Ledger::new(4).take(4);
}

const BUFFERS: u16 = 4;
const BYTES: u32 = 16;

fn config() -> Config {
    Config {
        buffers: BUFFERS,
        buffer_bytes: BYTES,
        ..Config::default()
    }
}

/// Where a model's free buffers are, in the order in which they are taken.
enum Free {
    Ring { head: u16, queue: VecDeque<u16> },
    Pool(Vec<u16>),
}

/// Buffers, and the side that fills them.
struct World {
    buffers: Buffers,
    free: Free,
    /// With what was written into them.
    held: Vec<(u16, [u8; BYTES as usize])>,
    writes: u8,
}

impl World {
    /// As [`Buffers::registered`] makes them, without a kernel to register them with.
    fn ring() -> Self {
        let entries = Entries {
            pages: Pages::new(usize::from(BUFFERS) * size_of::<BufRingEntry>()),
            mask: BUFFERS - 1,
            tail: 0,
        };
        let mut buffers = Buffers::new(&config(), Home::Ring(entries));
        (0..BUFFERS).for_each(|buffer| buffers.put(buffer));
        Self::new(
            buffers,
            Free::Ring {
                head: 0,
                queue: (0..BUFFERS).collect(),
            },
        )
    }

    fn pool() -> Self {
        let free = Free::Pool((0..BUFFERS).rev().collect());
        Self::new(Buffers::pool(&config()), free)
    }

    fn new(buffers: Buffers, free: Free) -> Self {
        Self {
            buffers,
            free,
            held: Vec::new(),
            writes: 0,
        }
    }

    /// Data arrives: the next free buffer is filled and handed over.
    fn receive(&mut self) {
        self.writes = self.writes.wrapping_add(1);
        let bytes = [self.writes; BYTES as usize];
        let Some(buffer) = self.fill(&bytes) else {
            assert_eq!(self.held.len(), usize::from(BUFFERS), "a buffer is missing");
            return;
        };
        let received = self.buffers.received(Buffers::flags(buffer));
        assert_eq!(received, Some(buffer));
        self.held.push((buffer, bytes));
    }

    fn fill(&mut self, bytes: &[u8]) -> Option<u16> {
        match &mut self.free {
            Free::Pool(free) => {
                let buffer = self.buffers.lend();
                assert_eq!(buffer, free.pop());
                self.buffers.lent(buffer?).copy_from_slice(bytes);
                buffer
            }
            Free::Ring { head, queue } => {
                let expected = queue.pop_front();
                let buffer = take_entry(&self.buffers, head);
                assert_eq!(buffer, expected);
                let start = self.buffers.address(buffer?).as_ptr();
                // SAFETY: the buffer is in the ring, so that only this, the kernel's part, may
                // write to it; it is as long as the bytes.
                unsafe { start.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
                buffer
            }
        }
    }

    fn give_back(&mut self, pick: Index) {
        if self.held.is_empty() {
            return;
        }
        let (buffer, written) = self.held.swap_remove(pick.index(self.held.len()));
        self.assert_bytes(buffer, &written);
        self.buffers.give_back(buffer);
        match &mut self.free {
            Free::Ring { queue, .. } => queue.push_back(buffer),
            Free::Pool(free) => free.push(buffer),
        }
    }

    fn assert_bytes(&self, buffer: u16, written: &[u8]) {
        let bytes = self.buffers.bytes(buffer, written.len());
        // SAFETY: a held buffer, to which nobody writes.
        assert_eq!(unsafe { bytes.as_ref() }, written);
    }
}

/// The kernel's side of the ring: the buffer at the head, unless that is the tail.
fn take_entry(buffers: &Buffers, head: &mut u16) -> Option<u16> {
    let Home::Ring(entries) = &buffers.home else {
        unreachable!("a world of a ring")
    };
    let base = entries.pages.start.cast::<BufRingEntry>();
    // SAFETY: the pages begin with the ring's entries.
    let tail = unsafe { BufRingEntry::tail(base.as_ptr()) };
    // SAFETY: the tail is an aligned u16 in the live pages.
    let tail = unsafe { AtomicU16::from_ptr(tail.cast_mut()) }.load(Ordering::Acquire);
    if tail == *head {
        return None;
    }
    // SAFETY: masked to the ring's length.
    let entry = unsafe { base.add(usize::from(*head & entries.mask)) };
    // SAFETY: an entry before the tail was written and is left alone.
    let entry = unsafe { entry.as_ref() };
    *head = head.wrapping_add(1);
    let buffer = entry.bid();
    let address = buffers.address(buffer).as_ptr() as u64;
    assert_eq!((entry.addr(), entry.len()), (address, BYTES));
    Some(buffer)
}

proptest! {
    #![proptest_config(testing::config())]

    #[test]
    fn buffers_come_and_go_in_any_order_and_none_is_lost_or_shared(
        ring in any::<bool>(),
        steps in prop::collection::vec(prop::option::weighted(0.5, any::<Index>()), 0..200),
    ) {
        let mut world = if ring { World::ring() } else { World::pool() };
        for step in steps {
            match step {
                None => world.receive(),
                Some(pick) => world.give_back(pick),
            }
            for (buffer, written) in &world.held {
                world.assert_bytes(*buffer, written);
            }
        }
    }
}

#[test]
fn the_ring_s_tail_goes_round() {
    let rounds = if cfg!(miri) { 100 } else { 1 << 17 };
    let mut world = World::ring();
    for _ in 0..rounds {
        world.receive();
        let (buffer, _) = world.held.pop().expect("there is always a free one");
        world.buffers.give_back(buffer);
        if let Free::Ring { queue, .. } = &mut world.free {
            queue.push_back(buffer);
        }
    }
}
