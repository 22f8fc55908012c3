//! How far two processors are from each other: a cache line's way from one to the other and back.
//!
//! A virtual machine's processors change their distance, which moves every figure of a server and a
//! load generator that talk to each other across it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use crate::processors::confine;

/// Round trips that are timed together.
const BATCH: u64 = 100;
/// Batches of which the median is taken: some milliseconds in all.
const BATCHES: usize = 101;
/// When a processor is busy otherwise, what was timed until then has to do.
const LIMIT: Duration = Duration::from_millis(50);
/// Ends the other side.
const STOP: u64 = u64::MAX;

/// A value on a cache line of its own.
#[repr(align(128))]
#[derive(Default)]
struct Line(AtomicU64);

/// The median time of a round trip between two processors in nanoseconds; nothing when they were too
/// busy to be timed.
///
/// # Errors
/// When a processor is not available.
pub fn median_ns(first: u32, second: u32) -> Result<Option<u64>> {
    let (there, back) = (Line::default(), Line::default());
    thread::scope(|scope| {
        let echo = scope.spawn(|| {
            confine(&[second])?;
            loop {
                match there.0.load(Ordering::Acquire) {
                    STOP => return Ok(()),
                    value => back.0.store(value, Ordering::Release),
                }
                std::hint::spin_loop();
            }
        });
        let timed = scope.spawn(|| {
            let times = confine(&[first]).map(|()| time(&there, &back));
            there.0.store(STOP, Ordering::Release);
            times
        });
        let place = || format!("cannot run on processors {first} and {second}; `lscpu` lists them");
        let panicked = || anyhow!("a thread panicked");
        let times = timed.join().map_err(|_| panicked())?.with_context(place)?;
        let echoed: nix::Result<()> = echo.join().map_err(|_| panicked())?;
        echoed.with_context(place)?;
        Ok(median(times))
    })
}

/// The time of a round trip in each batch.
fn time(there: &Line, back: &Line) -> Vec<u64> {
    let deadline = Instant::now() + LIMIT;
    let mut times = Vec::with_capacity(BATCHES);
    let mut value = 0;
    while times.len() < BATCHES {
        let start = Instant::now();
        for _ in 0..BATCH {
            value += 1;
            there.0.store(value, Ordering::Release);
            let mut spins = 0u32;
            while back.0.load(Ordering::Acquire) != value {
                std::hint::spin_loop();
                spins += 1;
                if spins.is_multiple_of(1 << 12) && Instant::now() >= deadline {
                    return times;
                }
            }
        }
        let ns = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        times.push(ns / BATCH);
    }
    times
}

fn median(mut times: Vec<u64>) -> Option<u64> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processors;

    #[test]
    fn two_processors_are_some_nanoseconds_apart() {
        let cpus = processors::available().unwrap();
        let [first, second, ..] = cpus[..] else {
            eprintln!("skipped: there is one processor only");
            return;
        };
        // Busy processors may give nothing; what they give is never nothing at all.
        if let Some(ns) = median_ns(first, second).unwrap() {
            assert!(ns > 0);
        }
        assert_eq!(
            processors::available().unwrap(),
            cpus,
            "this thread stays free"
        );
    }

    #[test]
    fn a_processor_that_is_not_there_is_named() {
        let error = median_ns(processors::available().unwrap()[0], 1023).unwrap_err();
        assert!(error.to_string().contains("1023"), "{error:#}");
    }

    #[test]
    fn the_middle_is_taken() {
        assert_eq!(median(vec![9, 1, 5]), Some(5));
        assert_eq!(median(Vec::new()), None);
    }
}
