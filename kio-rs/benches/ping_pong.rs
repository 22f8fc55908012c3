//! Sixteen bytes to an echo server and back, by driver: the server's worker and a blocking client
//! take turns on one processor.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::io::{Read, Write};
use std::net::{TcpListener as StdListener, TcpStream as StdStream};

use criterion::{Criterion, criterion_group, criterion_main};
use kio_rs::{Config, DriverKind, Ops, Runtime, TaskRun, TcpListener, TcpStream, spawn_local};

async fn echo(mut stream: TcpStream) {
    loop {
        let bytes = match stream.recv().await {
            Ok(chunk) if !chunk.is_empty() => chunk.to_vec(),
            _ => return,
        };
        if stream.send_all(bytes).await.is_err() {
            return;
        }
    }
}

fn start(config: &Config) -> Result<(Runtime, StdStream), kio_rs::Error> {
    let socket = StdListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = socket.local_addr().expect("it is bound");
    let runtime = Runtime::start(config, 1, move |_, _| {
        let socket = socket.try_clone().expect("a descriptor is free");
        async move {
            let mut listener = TcpListener::from_std(socket).expect("it can be made blocking");
            while let Ok(stream) = listener.accept().await {
                spawn_local(echo(stream));
            }
        }
    })?;
    let stream = StdStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("it is a TCP socket");
    Ok((runtime, stream))
}

fn configurations(cpus: &[usize]) -> [(&'static str, Config); 4] {
    let uring = Config {
        cpus: cpus.to_vec(),
        ..Config::default()
    };
    let one_shot = Config {
        ops: Ops::OneShot,
        ..uring.clone()
    };
    let cooperative = Config {
        task_run: TaskRun::Cooperative,
        ..one_shot.clone()
    };
    let epoll = Config {
        driver: DriverKind::Epoll,
        ..uring.clone()
    };
    [
        ("uring", uring),
        ("uring one-shot", one_shot),
        ("uring one-shot cooperative", cooperative),
        ("epoll", epoll),
    ]
}

fn ping_pong(criterion: &mut Criterion) {
    let core = core_affinity::get_core_ids().and_then(|cores| cores.first().copied());
    let cpus: Vec<usize> = core.iter().map(|core| core.id).collect();
    if !core.is_some_and(core_affinity::set_for_current) {
        eprintln!("ping-pong: the client is not pinned, so that this may use two processors");
    }
    let mut group = criterion.benchmark_group("ping-pong");
    for (name, config) in configurations(&cpus) {
        let (runtime, mut stream) = match start(&config) {
            Ok(started) => started,
            Err(error) => {
                eprintln!("ping-pong: {name} left out: {error}");
                continue;
            }
        };
        group.bench_function(name, |bencher| {
            let mut back = [0; 16];
            bencher.iter(|| {
                stream.write_all(b"sixteen bytes...").expect("connected");
                stream.read_exact(&mut back).expect("connected");
            });
        });
        drop(stream);
        runtime.stop().expect("the worker ends well");
    }
    group.finish();
}

criterion_group!(benches, ping_pong);
criterion_main!(benches);
