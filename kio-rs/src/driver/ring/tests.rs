//! Queues that are full, of a ring of the kernel's.

use io_uring::opcode::Nop;

use super::*;

const ENTRIES: u64 = 100;

/// The shortest queues: one submission, four completions.
fn shortest() -> Ring {
    let config = Config {
        queue_depth: 1,
        ..Config::default()
    };
    Ring::new(&config, None, Arc::default()).expect("a ring can be made")
}

fn nop(number: u64) -> squeue::Entry {
    Nop::new().build().user_data(number)
}

#[test]
fn what_finds_the_queues_full_waits_and_nothing_is_lost() {
    let mut ring = shortest();
    let mut overflowed = false;
    for number in 0..ENTRIES {
        // SAFETY: it names no memory.
        unsafe { ring.push(nop(number)) };
        overflowed |= ring.uring.submission().cq_overflow();
    }
    // Which a push does only when there is no room.
    let entries = ring.counters.kernel_entries.get();
    assert!(entries > 0, "the submission queue was never full");
    let mut seen = Vec::new();
    while (seen.len() as u64) < ENTRIES {
        let before = seen.len();
        ring.enter(Wait::Not).expect("the ring is entered");
        overflowed |= ring.uring.submission().cq_overflow();
        let taken = ring.completions().map(|entry| entry.user_data());
        seen.extend(taken);
        assert!(seen.len() > before, "{before} of {ENTRIES} completed");
    }
    assert!(overflowed, "the completion queue was never too short");
    assert!(!ring.peek() && !ring.has_queued());
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..ENTRIES));
}
