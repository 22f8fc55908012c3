//! Each worker gets its share of the connections.

mod common;

use common::{ARMS, ask, connect, start};

#[test]
fn each_worker_of_a_runtime_a_core_accepts() {
    let server = start(&[ARMS[3], &["--balance", "hash"]].concat());
    // The kernel spreads connections over listeners by a hash: that all 200 meet one of two is as
    // good as impossible.
    for _ in 0..200 {
        ask(&mut connect(server.start.address));
    }
    let (_, last) = server.stop().unwrap();
    for worker in &last.workers {
        assert!(worker.accepts > 0, "{last:?}");
        assert_eq!(worker.accepts, worker.requests, "{last:?}");
        assert_eq!(worker.accepts, worker.closes, "{last:?}");
    }
}

#[test]
fn turns_are_even() {
    let per_core = ["--runtime", "per-core", "--accept", "per-worker"];
    let server = start(&[&["--workers", "8"], &per_core[..]].concat());
    if !server.start.features.contains(&"balance-turns".to_owned()) {
        eprintln!("not tested here: the kernel refuses it, see the server's message");
        return;
    }
    let mut clients = [(); 50].map(|()| connect(server.start.address));
    clients.iter_mut().for_each(ask);
    let (_, last) = server.stop().unwrap();
    for worker in &last.workers {
        assert!((6..=7).contains(&worker.accepts), "{last:?}");
        assert_eq!(worker.requests, worker.accepts, "{last:?}");
    }
}
