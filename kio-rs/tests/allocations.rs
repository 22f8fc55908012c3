//! The server's connection loop allocates nothing once it is warm, with its time-outs on.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../src/connection.rs"]
mod connection;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{Read, Write};
use std::net::{TcpListener as StdListener, TcpStream as StdStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use connection::{Answering, Patience};
use hello_http::{HELLO, Mode};
use kio_rs::{Config, Deadlines, DriverKind, Ops, Runtime, TaskRun, TcpListener, spawn_local};

/// Counts the allocations of the threads that ask for it: the workers, not the test's client.
struct CountingAllocator;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static COUNTED: Cell<bool> = const { Cell::new(false) };
}

fn count() {
    if COUNTED.get() {
        ALLOCATIONS.fetch_add(1, Ordering::SeqCst);
    }
}

// SAFETY: everything is the system allocator's; counting allocates nothing.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: passed on to the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: passed on to the caller.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        count();
        // SAFETY: passed on to the caller.
        unsafe { System.realloc(pointer, layout, bytes) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";

fn round(streams: &mut [StdStream], pipeline: usize) {
    let requests = REQUEST.repeat(pipeline);
    let answers = HELLO.repeat(pipeline);
    let mut back = vec![0; answers.len()];
    for stream in &mut *streams {
        stream.write_all(&requests).unwrap();
    }
    for stream in streams {
        stream.read_exact(&mut back).unwrap();
        assert!(back == answers);
    }
}

/// Allocations for 10 000 requests on 50 connections, after as many for warming up.
fn allocations(config: &Config, heap: bool) -> u64 {
    let socket = StdListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let runtime = Runtime::start(config, 1, move |_, counters| {
        let socket = socket.try_clone().unwrap();
        let counters = Arc::clone(&counters);
        async move {
            let mut listener = TcpListener::from_std(socket).unwrap();
            let deadlines = Deadlines::start(Duration::from_millis(10)).unwrap();
            COUNTED.set(true);
            while let Ok(stream) = listener.accept().await {
                let counters = Arc::clone(&counters);
                let answering = Answering {
                    mode: Mode::Parse,
                    heap,
                };
                let patience = Patience {
                    deadline: deadlines.deadline(),
                    idle: 100_000,
                    head: 100_000,
                    body: 100_000,
                };
                spawn_local(async move {
                    connection::serve(stream, answering, Some(patience), counters).await;
                });
            }
        }
    })
    .unwrap();
    let mut streams: Vec<_> = (0..50)
        .map(|_| StdStream::connect(address).unwrap())
        .collect();
    let load = |streams: &mut [StdStream]| {
        for pipeline in [1, 16] {
            (0..100 / pipeline + 1).for_each(|_| round(streams, pipeline));
        }
    };
    load(&mut streams);
    let before = ALLOCATIONS.load(Ordering::SeqCst);
    load(&mut streams);
    let after = ALLOCATIONS.load(Ordering::SeqCst);
    drop(streams);
    runtime.stop().unwrap();
    after - before
}

/// One test, as the count is the process's.
#[test]
fn a_warm_server_allocates_nothing_a_request() {
    assert_eq!(allocations(&Config::default(), false), 0, "multishot");
    let one_shot = Config {
        ops: Ops::OneShot,
        task_run: TaskRun::Cooperative,
        buffer_bytes: 8192,
        ..Config::default()
    };
    assert_eq!(allocations(&one_shot, false), 0, "one-shot");
    let epoll = Config {
        driver: DriverKind::Epoll,
        ..Config::default()
    };
    assert_eq!(allocations(&epoll, false), 0, "epoll");
    assert!(
        allocations(&Config::default(), true) >= 5_000,
        "the counter counts what --heap allocates"
    );
}
