//! Readings at equal steps while a window runs.
//!
//! The thread that takes them is confined as the one that starts it: to the load generator's
//! processors here, to those that the server leaves on a remote machine. `bench probe --cost` tells what
//! they cost.

use std::io;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::time::ClockId;

/// The time between two readings of a window.
pub const STEP: Duration = Duration::from_millis(100);

/// A thread that reads something at every step. Dropping it ends the thread soon.
#[derive(Debug)]
pub struct Sampler<R> {
    end: Sender<()>,
    thread: JoinHandle<Readings<R>>,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readings<R> {
    /// When each reading was taken, since the first one.
    pub at_ms: Vec<u32>,
    /// The readings.
    pub values: Vec<R>,
    /// CPU time of the thread that read.
    pub cost_ns: u64,
}

impl<R> Default for Readings<R> {
    fn default() -> Self {
        Self {
            at_ms: Vec::new(),
            values: Vec::new(),
            cost_ns: 0,
        }
    }
}

impl<R: Send + 'static> Sampler<R> {
    /// Reads now and at every step from now on, until there is nothing to read any more.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(
        step: Duration,
        mut read: impl FnMut() -> Option<R> + Send + 'static,
    ) -> io::Result<Self> {
        let (end, ended) = channel();
        let name = "sampler".to_owned();
        let thread = thread::Builder::new().name(name).spawn(move || {
            let start = Instant::now();
            let mut readings = Readings::default();
            let mut next = start;
            loop {
                let at_ms = start.elapsed().as_millis();
                let Some(value) = read() else {
                    break;
                };
                readings
                    .at_ms
                    .push(u32::try_from(at_ms).unwrap_or(u32::MAX));
                readings.values.push(value);
                // Late readings are taken at once, so that the number of a reading tells its step.
                next += step;
                let pause = next.saturating_duration_since(Instant::now());
                if ended.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
            readings.cost_ns = thread_cpu_ns();
            readings
        })?;
        Ok(Self { end, thread })
    }

    /// Ends the readings, and returns them.
    pub fn end(self) -> Readings<R> {
        drop(self.end);
        self.thread.join().unwrap_or_default()
    }
}

/// CPU time of the calling thread; 0 where the kernel does not tell.
fn thread_cpu_ns() -> u64 {
    let now = ClockId::CLOCK_THREAD_CPUTIME_ID.now();
    let nanoseconds = now.map(|now| Duration::from(now).as_nanos());
    nanoseconds.map_or(0, |ns| u64::try_from(ns).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_go_on_until_they_are_ended() {
        let (told, heard) = channel();
        let mut count = 0;
        let sampler = Sampler::start(Duration::from_millis(1), move || {
            count += 1;
            told.send(count).ok()?;
            Some(count)
        })
        .unwrap();
        let seen: Vec<u32> = heard.iter().take(5).collect();
        assert_eq!(seen, [1, 2, 3, 4, 5]);
        let readings = sampler.end();
        assert!(readings.values.len() >= 5 && readings.cost_ns > 0);
        assert_eq!(readings.values.len(), readings.at_ms.len());
        assert!(readings.at_ms.is_sorted());
    }

    #[test]
    fn readings_end_when_there_is_nothing_to_read() {
        let mut left = 2;
        let sampler = Sampler::start(Duration::ZERO, move || {
            left -= 1;
            (left >= 0).then_some(left)
        });
        let sampler = sampler.unwrap();
        while !sampler.thread.is_finished() {
            thread::yield_now();
        }
        assert_eq!(sampler.end().values, [1, 0]);
    }
}
