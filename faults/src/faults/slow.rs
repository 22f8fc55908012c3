//! Peers that take their time.

use std::io::{ErrorKind, Read, Write};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::client::{Client, Reply, is_end};
use crate::figures::Figures;
use crate::subject::Stand;
use crate::watch::stop;

const PEERS: usize = 100;
const BODY: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nnot 9";
const LONG_BODY: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn heads(stand: &Stand) -> Result<Figures> {
    drip(stand, "--head-timeout-s", b"G")
}

pub(super) fn bodies(stand: &Stand) -> Result<Figures> {
    drip(stand, "--body-timeout-s", LONG_BODY)
}

/// Peers whose request begins so, and goes on by a byte now and then.
fn drip(stand: &Stand, time_out: &str, first: &[u8]) -> Result<Figures> {
    let mut figures = Figures::default();
    let server = stand.start(&["--idle-timeout-s", "600", time_out, "1"])?;
    let mut neighbour = Client::connect(server.start.address, &mut figures)?;
    neighbour.ask(&mut figures)?;
    let mut slow = Vec::new();
    for _ in 0..PEERS {
        let mut client = Client::connect(server.start.address, &mut figures)?;
        client.send_part(first, &mut figures);
        client.0.set_nonblocking(true)?;
        slow.push(client);
    }
    let begun = Instant::now();
    while !slow.is_empty() {
        ensure!(begun.elapsed() < PATIENCE, "{} peers drip on", slow.len());
        sleep(Duration::from_millis(50));
        slow.retain_mut(|client| {
            let sent = client.0.write(b"G");
            let ended = match client.0.read(&mut [0; 64]) {
                Ok(count) => count == 0,
                Err(error) => is_end(error.kind()),
            };
            let failed = sent.is_err_and(|error| error.kind() != ErrorKind::WouldBlock);
            figures.refused += u64::from(ended || failed);
            !(ended || failed)
        });
    }
    neighbour.ask(&mut figures)?;
    stop(server)?;
    Ok(figures)
}

pub(super) fn stalled(stand: &Stand) -> Result<Figures> {
    let mut figures = Figures::default();
    let server = stand.start(&["--idle-timeout-s", "1"])?;
    let mut slow = Vec::new();
    for _ in 0..PEERS {
        let mut client = Client::connect(server.start.address, &mut figures)?;
        client.send_part(BODY, &mut figures);
        slow.push(client);
    }
    for client in &mut slow {
        ensure!(client.receive(&mut figures)? == Reply::Refusal);
    }
    Client::connect(server.start.address, &mut figures)?.ask(&mut figures)?;
    stop(server)?;
    Ok(figures)
}
