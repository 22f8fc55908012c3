//! Sleeps, time-outs and intervals: `timer`.

use std::error::Error;
use std::future::pending;
use std::time::{Duration, Instant};

use kio_rs::{Config, Runtime, TimedOut, interval, sleep, spawn_local, timeout};

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = Runtime::start(&Config::default(), 1, |_worker, _counters| async {
        spawn_local(async {
            let mut ticks = interval(Duration::from_millis(20)).expect("a file may be opened");
            for number in 1..=3 {
                ticks.tick().await.expect("nobody stops this runtime");
                println!("tick {number}");
            }
        });

        let begun = Instant::now();
        sleep(Duration::from_millis(50)).await;
        println!("slept {} ms or more", begun.elapsed().as_millis() / 50 * 50);

        let never = timeout(Duration::from_millis(10), pending::<()>()).await;
        assert_eq!(never, Err(TimedOut));
        println!("gave up");
    })?;
    // Until both tasks have ended.
    Ok(runtime.join()?)
}
