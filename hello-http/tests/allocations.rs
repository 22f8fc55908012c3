//! The hot path does not allocate.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use hello_http::{Connection, HELLO, Mode};

/// Counts the allocations of each thread, and those not freed yet.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static LIVE: Cell<i64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged. The counters need no allocation:
// they are initialised by constants and have no destructors.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        LIVE.set(LIVE.get() + 1);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get() - 1);
        // SAFETY: `pointer` came from `alloc` above, hence from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";

fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

#[test]
fn allocations_are_counted() {
    assert_eq!(allocations(|| drop(Box::new(1))), 1);
}

#[test]
fn ten_thousand_hot_requests_allocate_nothing() {
    let count = allocations(|| {
        let mut connection = Connection::new(Mode::Parse);
        for _ in 0..10_000 {
            assert_eq!(&*connection.feed(GET).bytes, HELLO);
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn pipelined_requests_allocate_nothing() {
    let pipelined = GET.repeat(16);
    let expected = HELLO.repeat(16);
    let mut connection = Connection::new(Mode::Parse);
    let count = allocations(|| {
        for _ in 0..1000 {
            assert_eq!(*connection.feed(&pipelined).bytes, expected);
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn bodies_are_skipped_without_memory() {
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n";
    let piece = [b'x'; 4096];
    let mut connection = Connection::new(Mode::Parse);
    let count = allocations(|| {
        connection.feed(head);
        for _ in 0..255 {
            assert_eq!(connection.feed(&piece).requests, 0);
        }
        assert_eq!(&*connection.feed(&piece).bytes, HELLO);
    });
    assert_eq!(count, 0);
}

#[test]
fn an_idle_connection_holds_no_memory() {
    let mut connection = Connection::new(Mode::Parse);
    let before = LIVE.get();
    assert_eq!(connection.feed(&GET[..20]).requests, 0);
    assert_eq!(LIVE.get(), before + 1, "the start of the head is kept");
    assert_eq!(connection.feed(&GET[20..]).requests, 1);
    assert_eq!(LIVE.get(), before, "and freed with its end");
}

#[test]
fn connections_are_small() {
    assert!(size_of::<Connection>() <= 80, "{}", size_of::<Connection>());
}
