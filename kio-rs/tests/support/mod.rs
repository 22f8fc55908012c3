//! An echo server on the library, and the kinds of ring it should run on.
#![allow(dead_code, reason = "each test file uses what it needs")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener as StdListener, TcpStream as StdStream};
use std::num::NonZeroU32;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use kio_rs::{
    Config, Descriptors, DriverKind, Error, MinWait, Ops, Runtime, TaskRun, TcpListener, TcpStream,
    is_stopping, spawn_local,
};

/// Every combination of operations and completion work, descriptors of the process, epoll, rings too small
/// for the load, and what is off by default.
pub fn configurations() -> Vec<Config> {
    let mut all = Vec::new();
    for ops in [Ops::OneShot, Ops::Multishot] {
        for task_run in [TaskRun::Interrupt, TaskRun::Cooperative, TaskRun::Deferred] {
            all.push(Config {
                ops,
                task_run,
                ..Config::default()
            });
        }
    }
    let plain = Config {
        descriptors: Descriptors::Process,
        registered_ring: false,
        ..Config::default()
    };
    all.push(Config {
        ops: Ops::OneShot,
        ..plain.clone()
    });
    all.push(plain);
    let epoll = Config {
        driver: DriverKind::Epoll,
        ..Config::default()
    };
    all.push(Config {
        buffers: 2,
        buffer_bytes: 64,
        ..epoll.clone()
    });
    all.push(Config {
        ops: Ops::OneShot,
        ..epoll.clone()
    });
    all.push(epoll);
    all.push(Config {
        queue_depth: 1,
        buffers: 2,
        buffer_bytes: 64,
        ..Config::default()
    });
    all.extend(extras().into_iter().filter(is_to_be_had));
    all
}

/// What a ring may have and by default has not.
fn extras() -> [Config; 5] {
    let default = Config::default;
    [
        Config {
            sqpoll_idle: Some(Duration::from_millis(1)),
            task_run: TaskRun::Interrupt,
            ..default()
        },
        Config {
            min_wait: Some(MinWait {
                us: NonZeroU32::new(100).unwrap(),
                completions: NonZeroU32::new(4).unwrap(),
            }),
            ..default()
        },
        Config {
            spin: Duration::from_micros(50),
            ..default()
        },
        Config {
            no_sqarray: true,
            ..default()
        },
        Config {
            single_issuer: false,
            task_run: TaskRun::Cooperative,
            ..default()
        },
    ]
}

/// Whether the kernel has all of it; says so when not.
fn is_to_be_had(config: &Config) -> bool {
    match Runtime::start(config, 1, |_, _| async {}) {
        Err(error) if error.is_refusal() => {
            eprintln!("left out: {error}: {config:?}");
            false
        }
        started => {
            started.unwrap().join().unwrap();
            true
        }
    }
}

/// One of each driver.
pub fn drivers() -> [Config; 2] {
    [DriverKind::Uring, DriverKind::Epoll].map(|driver| Config {
        driver,
        ..Config::default()
    })
}

pub fn start(config: &Config, workers: usize) -> (Runtime, SocketAddr) {
    let socket = StdListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let runtime = Runtime::start(config, workers, move |_, _| {
        let socket = socket.try_clone().unwrap();
        async move {
            let mut listener = TcpListener::from_std(socket).unwrap();
            while !is_stopping() {
                if let Ok(stream) = listener.accept().await {
                    spawn_local(echo(stream));
                }
            }
        }
    });
    (runtime.unwrap(), address)
}

pub async fn echo(mut stream: TcpStream) {
    loop {
        let bytes = match stream.recv().await {
            Ok(chunk) if !chunk.is_empty() => chunk.to_vec(),
            _ => return,
        };
        assert_ne!(bytes, b"panic", "asked to");
        if stream.send_all(bytes).await.is_err() {
            return;
        }
    }
}

/// A client that gives up rather than hang the test.
pub fn connect(address: SocketAddr) -> StdStream {
    let stream = StdStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

pub fn assert_echo(stream: &mut StdStream, bytes: &[u8]) {
    let mut writer = stream.try_clone().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || writer.write_all(bytes).unwrap());
        let mut back = vec![0; bytes.len()];
        stream.read_exact(&mut back).unwrap();
        assert!(back == bytes, "the echo differs");
    });
}

/// Says that it was dropped.
struct Done(mpsc::Sender<()>);

impl Drop for Done {
    fn drop(&mut self) {
        _ = self.0.send(());
    }
}

/// Accepts one connection on one worker and hands it to `main`, which must end without a panic; then
/// stops the worker.
pub fn serve_one<F: Future<Output = ()> + 'static>(
    config: &Config,
    client: impl FnOnce(StdStream),
    main: impl Fn(TcpStream, TcpListener) -> F + Send + Sync + 'static,
) -> Result<(), Error> {
    serve(config, client, main, |ended| {
        ended
            .recv_timeout(Duration::from_secs(20))
            .expect("`main` ended");
    })
}

/// Likewise, but stops the worker when the client has ended, whatever `main` does.
pub fn serve_one_until_stopped<F: Future<Output = ()> + 'static>(
    config: &Config,
    client: impl FnOnce(StdStream),
    main: impl Fn(TcpStream, TcpListener) -> F + Send + Sync + 'static,
) -> Result<(), Error> {
    serve(config, client, main, |_| {})
}

fn serve<F: Future<Output = ()> + 'static>(
    config: &Config,
    client: impl FnOnce(StdStream),
    main: impl Fn(TcpStream, TcpListener) -> F + Send + Sync + 'static,
    wait: impl FnOnce(&mpsc::Receiver<()>),
) -> Result<(), Error> {
    let socket = StdListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let main = Arc::new(main);
    let (done, ended) = mpsc::channel();
    let runtime = Runtime::start(config, 1, move |_, _| {
        let (socket, main) = (socket.try_clone().unwrap(), main.clone());
        let done = Done(done.clone());
        async move {
            let _done = done;
            let mut listener = TcpListener::from_std(socket).unwrap();
            let stream = listener.accept().await.unwrap();
            main(stream, listener).await;
        }
    })?;
    let counters = runtime.counters();
    client(connect(address));
    wait(&ended);
    runtime.stop()?;
    let errors: u64 = counters.iter().map(|worker| worker.errors.get()).sum();
    assert_eq!(errors, 0, "`main` did not panic");
    Ok(())
}

/// Runs `main` on one worker until it ends.
pub fn run<F: Future<Output = ()> + 'static>(
    config: &Config,
    main: impl Fn() -> F + Send + Sync + 'static,
) {
    let (done, ended) = mpsc::channel();
    let runtime = Runtime::start(config, 1, move |_, _| {
        let (main, done) = (main(), done.clone());
        async move {
            main.await;
            done.send(()).unwrap();
        }
    })
    .unwrap();
    ended
        .recv_timeout(Duration::from_secs(20))
        .expect("main ended");
    runtime.stop().unwrap();
}
