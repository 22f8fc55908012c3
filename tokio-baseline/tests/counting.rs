//! The lines say what the server is and did.

mod common;

use common::{ARMS, ask, connect, start, sum};

const REQUESTS: u64 = 1000;

#[test]
fn the_start_line_has_the_effective_configuration() {
    // Which of them is the default depends on the kernel and the user.
    let hash: &[&str] = &["--balance", "hash"];
    let configurations: Vec<_> = ARMS
        .iter()
        .map(|args| start(&[args, hash].concat()).start.configuration())
        .collect();
    assert_eq!(
        configurations,
        [
            "tokio-multi-thread workers=2 unpinned multi-thread accept-single tcp-nodelay",
            "tokio-multi-thread workers=2 unpinned multi-thread accept-single tcp-nodelay no-parse",
            "tokio-multi-thread workers=2 unpinned multi-thread accept-per-worker balance-hash tcp-nodelay",
            "tokio-per-core workers=2 unpinned per-core accept-per-worker balance-hash tcp-nodelay",
            "tokio-multi-thread workers=2 unpinned multi-thread accept-single tcp-nodelay worker-buffer",
            "tokio-per-core workers=2 unpinned per-core accept-per-worker balance-hash tcp-nodelay worker-buffer",
        ]
    );
}

#[test]
fn pinned_workers_are_named() {
    let per_core = [
        "--cpus",
        "0",
        "--accept",
        "per-worker",
        "--runtime",
        "per-core",
    ];
    for args in [&per_core[..2], &per_core[..]] {
        let server = start(args);
        assert_eq!(
            (server.start.workers, &server.start.cpus[..]),
            (1, &[0][..])
        );
        let status = format!("/proc/{}/status", server.start.pid);
        let status = std::fs::read_to_string(status).unwrap();
        assert!(status.contains("Cpus_allowed_list:\t0\n"), "{status}");
        ask(&mut connect(server.start.address));
    }
}

/// The bounds are what shows that the counting functions are the ones in use: each request takes
/// at least a receive and a send, and more than a few calls beside them would be a fault.
#[test]
fn requests_and_kernel_entries_are_counted() {
    for args in ARMS {
        let mut server = start(args);
        let mut stream = connect(server.start.address);
        for _ in 0..REQUESTS {
            ask(&mut stream);
        }
        let now = server.counters().unwrap();
        assert_eq!(now.workers.len(), 2);
        assert_eq!(sum(&now, |worker| worker.closes), 0, "{args:?}: {now:?}");

        drop(stream);
        let (status, last) = server.stop().unwrap();
        assert!(status.success(), "{args:?}: {status}");
        assert_eq!(sum(&last, |worker| worker.accepts), 1, "{args:?}: {last:?}");
        assert_eq!(sum(&last, |worker| worker.closes), 1, "{args:?}: {last:?}");
        assert_eq!(
            sum(&last, |worker| worker.requests),
            REQUESTS,
            "{args:?}: {last:?}"
        );
        assert_eq!(sum(&last, |worker| worker.errors), 0, "{args:?}: {last:?}");
        let entries = sum(&last, |worker| worker.kernel_entries);
        assert!(
            (2 * REQUESTS..6 * REQUESTS).contains(&entries),
            "{args:?}: {last:?}"
        );
    }
}
