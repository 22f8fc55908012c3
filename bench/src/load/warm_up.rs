//! The warm-up: a closed loop of a small client of our own, whose figures nobody looks at.
//!
//! wrk takes whole seconds only. What must be warm after it is the server: its code and its memory
//! in the caches, its threads awake, the processors at speed.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use records::LoadPoint;

use crate::interrupt::Interrupt;

/// More connections warm nothing more.
const MOST_CONNECTIONS: u32 = 64;
/// Nor do deeper pipelines, and a batch that does not fit into the sockets' buffers would end in a
/// deadlock: each side waits until the other reads.
const MOST_PIPELINE: u32 = 128;
/// Longest wait for one answer, or for room to send.
const PATIENCE: Duration = Duration::from_secs(5);

/// Loads `server`, whose answers have `answer_bytes` each, for `length` from `threads` threads.
///
/// # Errors
/// When the server does not answer, or at an interrupt.
pub fn run(
    server: SocketAddr,
    load: &LoadPoint,
    answer_bytes: usize,
    threads: u32,
    length: Duration,
    interrupt: &Interrupt,
) -> Result<()> {
    let deadline = Instant::now() + length;
    let connections = load.connections.min(MOST_CONNECTIONS);
    let threads = threads.min(connections);
    let request = format!("GET / HTTP/1.1\r\nHost: {server}\r\n\r\n");
    let pipeline = load.pipeline.min(MOST_PIPELINE) as usize;
    let batch = request.repeat(pipeline);
    let answers_bytes = answer_bytes * pipeline;
    thread::scope(|scope| {
        let share = |thread| connections / threads + u32::from(thread < connections % threads);
        let drive = |connections| {
            let batch = batch.as_bytes();
            scope.spawn(move || {
                closed_loop(
                    server,
                    connections,
                    batch,
                    answers_bytes,
                    deadline,
                    interrupt,
                )
            })
        };
        let running: Vec<_> = (0..threads).map(|thread| drive(share(thread))).collect();
        for thread in running {
            let ended = thread.join().map_err(|_| anyhow!("a thread panicked"));
            ended?.context("the server did not answer in the warm-up")?;
        }
        interrupt.check()?;
        Ok(())
    })
}

/// Sends a batch on every connection, reads every answer, and again until `deadline`.
fn closed_loop(
    server: SocketAddr,
    connections: u32,
    batch: &[u8],
    answers_bytes: usize,
    deadline: Instant,
    interrupt: &Interrupt,
) -> io::Result<()> {
    let open = |_| {
        let stream = TcpStream::connect_timeout(&server, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(stream)
    };
    let mut streams = (0..connections)
        .map(open)
        .collect::<io::Result<Vec<TcpStream>>>()?;
    let mut answers = vec![0; answers_bytes];
    loop {
        for stream in &mut streams {
            stream.write_all(batch)?;
        }
        for stream in &mut streams {
            stream.read_exact(&mut answers)?;
        }
        if Instant::now() >= deadline || interrupt.is_set() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicU64, Ordering};

    use hello_http::HELLO;

    use super::*;
    use crate::load::closed_loop as load;

    /// Serves so many connections with a hello for every request, and counts the requests.
    fn serve(connections: usize, counted: &'static AtomicU64) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for _ in 0..connections {
                let (mut stream, _) = listener.accept().unwrap();
                thread::spawn(move || {
                    let mut chunk = [0; 4096];
                    while let Ok(n @ 1..) = stream.read(&mut chunk) {
                        let requests = chunk[..n].iter().filter(|byte| **byte == b'G').count();
                        counted.fetch_add(requests as u64, Ordering::Relaxed);
                        stream.write_all(&HELLO.repeat(requests)).unwrap();
                    }
                });
            }
        });
        address
    }

    #[test]
    fn every_connection_sends_its_batches() {
        static COUNTED: AtomicU64 = AtomicU64::new(0);
        let server = serve(6, &COUNTED);
        let length = Duration::from_millis(20);
        run(
            server,
            &load(6, 4),
            HELLO.len(),
            4,
            length,
            &Interrupt::default(),
        )
        .unwrap();
        let counted = COUNTED.load(Ordering::Relaxed);
        assert!(counted >= 24 && counted.is_multiple_of(4), "{counted}");
    }

    #[test]
    fn a_pipeline_deeper_than_the_buffers_ends_too() {
        static COUNTED: AtomicU64 = AtomicU64::new(0);
        let server = serve(2, &COUNTED);
        let deep = load(2, 1_000_000);
        run(
            server,
            &deep,
            HELLO.len(),
            1,
            Duration::ZERO,
            &Interrupt::default(),
        )
        .unwrap();
        let counted = COUNTED.load(Ordering::Relaxed);
        assert_eq!(counted, 2 * u64::from(MOST_PIPELINE));
    }

    #[test]
    fn a_server_that_hangs_up_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        thread::spawn(move || drop(listener.accept()));
        let length = Duration::from_secs(60);
        let result = run(
            server,
            &load(1, 1),
            HELLO.len(),
            1,
            length,
            &Interrupt::default(),
        );
        assert!(format!("{:#}", result.unwrap_err()).contains("warm-up"));
    }
}
