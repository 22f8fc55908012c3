//! Memory that was given to a send is dropped once, and not before the kernel has done with it,
//! whenever the future that sends goes away.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::Read;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kio_rs::{Config, DriverKind, Runtime, StableBytes, TcpListener, TcpStream, sleep, timeout};
use support::{configurations, connect};

/// More than the sockets' buffers hold, so that a send of it is in flight until the peer reads.
const BYTES: usize = 32 << 20;

/// Bytes that are overwritten when they are dropped, which is counted.
struct Traced {
    bytes: Box<[u8]>,
    drops: Arc<AtomicUsize>,
}

impl Traced {
    fn new(drops: &Arc<AtomicUsize>) -> Self {
        Self {
            bytes: vec![b'x'; BYTES].into(),
            drops: Arc::clone(drops),
        }
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        self.bytes.fill(b'!');
        self.drops.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: on the heap, and nobody changes them before the drop.
unsafe impl StableBytes for Traced {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Begins to send, goes away, and says how often the bytes were dropped at once and in the end.
async fn abandon(mut stream: TcpStream) -> (usize, usize) {
    let drops = Arc::new(AtomicUsize::new(0));
    let sending = stream.send_all(Traced::new(&drops));
    assert!(
        timeout(Duration::from_millis(5), sending).await.is_err(),
        "the peer has yet to read, and no buffer holds so much"
    );
    let at_once = drops.load(Ordering::Relaxed);
    while drops.load(Ordering::Relaxed) == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    // A second drop would come no later than the end of the connection.
    drop(stream);
    sleep(Duration::from_millis(1)).await;
    (at_once, drops.load(Ordering::Relaxed))
}

fn run(config: &Config) -> (usize, usize) {
    let socket = StdListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = socket.local_addr().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let runtime = Runtime::start(config, 1, move |_, _| {
        let (socket, tell) = (socket.try_clone().unwrap(), tell.clone());
        async move {
            let mut listener = TcpListener::from_std(socket).unwrap();
            let stream = listener.accept().await.unwrap();
            tell.send(abandon(stream).await).unwrap();
        }
    })
    .unwrap();
    let mut client = connect(address);
    let counts = told.recv_timeout(Duration::from_secs(20)).unwrap();
    // Whatever was sent was sent before the drop.
    let mut sent = Vec::new();
    client.read_to_end(&mut sent).unwrap();
    assert!(
        sent.iter().all(|&byte| byte == b'x'),
        "freed bytes were sent"
    );
    runtime.stop().unwrap();
    counts
}

#[test]
fn bytes_of_an_abandoned_send_outlive_it_in_the_kernel() {
    for config in configurations() {
        // With epoll nothing is left in the kernel between two calls.
        let kept = config.driver == DriverKind::Uring;
        let expected = if kept { (0, 1) } else { (1, 1) };
        assert_eq!(run(&config), expected, "{config:?}");
    }
}
