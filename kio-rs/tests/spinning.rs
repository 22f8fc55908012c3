//! A worker that may spin does so while that pays, and only then; what it waits for comes in time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::net::{TcpListener as StdListener, TcpStream as StdStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use kio_rs::{Config, Runtime, TaskRun, TcpListener, TcpStream, sleep};
use nix::unistd::{Pid, gettid};
use support::{assert_echo, connect, drivers};

/// Longer than any machine takes for a request: a worker that spins for so long does not sleep.
const ENDLESS: Duration = Duration::from_secs(60);
/// More than it takes to find that spinning pays.
const ASKED: usize = 50;
/// What the client lets pass before each request: far more than an answer takes, so that the worker's time
/// is its waits' on any machine.
const PAUSE: Duration = Duration::from_millis(2);

/// One of each driver, and a ring whose completions come without being asked for.
fn spinning(spin: Duration) -> impl Iterator<Item = Config> {
    let interrupted = Config {
        task_run: TaskRun::Interrupt,
        ..Config::default()
    };
    let all = drivers().into_iter().chain([interrupted]);
    all.map(move |config| Config { spin, ..config })
}

/// A worker with one connection, which it answers after `pause`.
struct Served {
    runtime: Runtime,
    worker: Pid,
    client: StdStream,
}

impl Served {
    fn start(config: &Config, pause: Duration) -> Self {
        let socket = StdListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let (tell, told) = mpsc::channel();
        let runtime = Runtime::start(config, 1, move |_, _| {
            tell.send(gettid()).unwrap();
            let socket = socket.try_clone().unwrap();
            async move {
                let mut listener = TcpListener::from_std(socket).unwrap();
                answer(listener.accept().await.unwrap(), pause).await;
            }
        })
        .unwrap();
        Self {
            runtime,
            worker: told.recv().unwrap(),
            client: connect(address),
        }
    }

    fn ask(&mut self) {
        for _ in 0..ASKED {
            thread::sleep(PAUSE);
            assert_echo(&mut self.client, b"x");
        }
    }

    /// By the kernel's word for its thread.
    fn is_asleep(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/self/task/{}/stat", self.worker)).unwrap();
        stat.rsplit_once(") ").unwrap().1.starts_with('S')
    }

    /// Whether it is found asleep so often in a row.
    fn falls_asleep(&self, looks: u32) -> bool {
        let mut asleep = 0;
        (0..50).any(|_| {
            thread::sleep(Duration::from_millis(10));
            asleep = if self.is_asleep() { asleep + 1 } else { 0 };
            asleep == looks
        })
    }

    /// Whether it finds in one of some tries that spinning pays.
    fn spins(&mut self) -> bool {
        (0..50).any(|_| {
            self.ask();
            !self.falls_asleep(1)
        })
    }

    fn stop(mut self) {
        assert_echo(&mut self.client, b"x");
        self.runtime.stop().unwrap();
    }
}

async fn answer(mut stream: TcpStream, pause: Duration) {
    loop {
        let bytes = match stream.recv().await {
            Ok(chunk) if !chunk.is_empty() => chunk.to_vec(),
            _ => return,
        };
        if !pause.is_zero() {
            sleep(pause).await;
        }
        if stream.send_all(bytes).await.is_err() {
            return;
        }
    }
}

#[test]
fn a_worker_with_one_connection_spins_until_it_is_asked_or_stopped() {
    for config in spinning(ENDLESS) {
        let mut served = Served::start(&config, Duration::ZERO);
        assert!(served.spins(), "{config:?}");
        served.stop();
    }
}

#[test]
fn nothing_spins_unasked() {
    for config in spinning(Duration::ZERO) {
        let mut served = Served::start(&config, Duration::ZERO);
        served.ask();
        assert!(served.falls_asleep(1), "{config:?}");
        served.stop();
    }
}

#[test]
fn a_worker_to_whom_nothing_comes_sleeps_however_well_spinning_went() {
    for config in spinning(Duration::from_millis(10)) {
        let mut served = Served::start(&config, Duration::ZERO);
        served.ask();
        assert!(served.falls_asleep(5), "{config:?}");
        served.stop();
    }
}

#[test]
fn a_sleep_of_a_task_ends_the_spin() {
    for config in spinning(ENDLESS) {
        let mut served = Served::start(&config, Duration::from_micros(100));
        assert!(served.spins(), "{config:?}");
        served.ask();
        served.stop();
    }
}
