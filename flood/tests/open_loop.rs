//! Open loops: what is due is due, whatever the server does.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use flood::{Settings, Stop, Tally};
use support::{hello, serve, settings};

fn load(settings: &Settings) -> Tally {
    let stop = Stop::new().unwrap();
    let finished = flood::run(settings, &stop, || Ok(())).unwrap();
    finished.report().tally.clone()
}

fn paced(address: std::net::SocketAddr, connections: usize, rate: u32) -> Settings {
    Settings {
        rate_per_s: Some(rate),
        duration: Duration::from_secs(2),
        ..settings(address, connections)
    }
}

#[test]
fn no_more_is_sent_than_is_offered() {
    let (address, seen) = serve(|stream, _, _| hello(stream));
    for threads in [1, 3] {
        let tally = load(&Settings {
            threads,
            ..paced(address, 6, 100)
        });
        let open_s = tally.ended.duration_since(tally.began).as_secs_f64();
        assert!(tally.requests > 0 && tally.requests as f64 <= open_s * 100.0 + 3.0);
        assert_eq!(tally.requests, tally.latencies_us.len());
        assert_eq!(
            tally.errors_read + tally.errors_status + tally.errors_timeout,
            0
        );
        assert_eq!(tally.connections_left, 6);
    }
    // Each connection has its turn, not the first ones alone.
    let seen = seen.lock().unwrap();
    assert!(
        seen.iter().filter(|count| **count >= 5).count() >= 12,
        "{seen:?}"
    );
}

#[test]
fn a_delay_of_the_server_is_in_every_latency() {
    let delay = Duration::from_millis(20);
    let (address, _) = serve(move |stream, _, _| {
        sleep(delay);
        hello(stream)
    });
    let tally = load(&paced(address, 10, 100));
    assert!(tally.latencies_us.min() >= 20_000 - 20);
    // The connections would answer 500 a second, so that none waits for another.
    assert!(tally.requests > 20, "{}", tally.requests);
}

#[test]
fn a_stall_is_in_the_latency_of_all_that_was_due_meanwhile() {
    // One stall of 300 ms on the only connection. Who waits for answers before sending would see
    // one slow request in hundreds; 300 were due.
    static STALLED: AtomicBool = AtomicBool::new(false);
    let stall = Duration::from_millis(300);
    let (address, _) = serve(move |stream, _, request| {
        if request == 100 && !STALLED.swap(true, Ordering::Relaxed) {
            sleep(stall);
        }
        hello(stream)
    });
    let tally = load(&paced(address, 1, 1000));
    let latencies = &tally.latencies_us;
    assert!(STALLED.load(Ordering::Relaxed));
    assert!(latencies.max() >= 299_000, "{}", latencies.max());
    // Of those due in the stall, a third waited for more than 200 ms: a closed loop has one of them.
    let slow = latencies.count_between(200_000, latencies.max());
    assert!(slow >= 90, "{slow} of {}", latencies.len());
    assert!(latencies.value_at_quantile(0.99) >= 200_000);
}

#[test]
fn what_a_server_never_answers_is_overdue_with_all_behind_it() {
    let (address, _) = serve(|stream, _, request| request > 0 || hello(stream));
    let tally = load(&Settings {
        timeout: Duration::from_millis(500),
        ..paced(address, 1, 100)
    });
    // Of the 200 that were due, all but those of the last half second.
    assert_eq!(tally.requests, 0);
    assert!(
        (149..=300).contains(&tally.errors_timeout),
        "{}",
        tally.errors_timeout
    );
}
