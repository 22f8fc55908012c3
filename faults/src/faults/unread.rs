//! Peers that ask and read nothing.

use std::io::{ErrorKind, Read, Write};
use std::thread::sleep;

use anyhow::{Context, Result, ensure};
use conformance::server::Server;
use hello_http::HELLO;

use crate::client::{Client, REQUEST};
use crate::figures::Figures;
use crate::subject::Stand;
use crate::watch::{LOOK_AGAIN, counts, files_when_empty, resident_kib, stop};

const PEERS: usize = 20;
const MOST_GROWTH_KIB: u64 = 64 * PEERS as u64;

/// A server that takes so much keeps what it should leave with the sender.
const MOST_BYTES: usize = 64 << 20;

/// A peer, and how many bytes of requests it has sent.
struct Peer {
    client: Client,
    bytes: usize,
}

impl Peer {
    fn connect(server: &Server, figures: &mut Figures) -> Result<Self> {
        let client = Client::connect_narrow(server.start.address, figures)?;
        client.0.set_nonblocking(true)?;
        Ok(Self { client, bytes: 0 })
    }

    /// Sends as much as is taken at once; whether it was anything.
    fn send(&mut self, requests: &[u8]) -> Result<bool> {
        let before = self.bytes;
        loop {
            let rest = &requests[self.bytes % REQUEST.len()..];
            match self.client.0.write(rest) {
                Ok(count) => self.bytes += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("the server takes no requests"),
            }
            let most = MOST_BYTES;
            ensure!(
                self.bytes < most,
                "the server has taken {most} bytes of a peer that reads nothing"
            );
        }
        Ok(self.bytes > before)
    }

    /// Requests that were sent, be it in part.
    fn begun(&self) -> u64 {
        self.bytes.div_ceil(REQUEST.len()) as u64
    }

    /// Completes the last request, and reads every answer.
    fn read_all(mut self, figures: &mut Figures) -> Result<()> {
        self.client.0.set_nonblocking(false)?;
        let mut left = usize::try_from(self.begun())? * HELLO.len();
        let rest = REQUEST.len() - self.bytes % REQUEST.len();
        let mut buffer = HELLO.repeat(1000);
        let expected = buffer.clone();
        let mut place = 0;
        if rest < REQUEST.len() {
            // The server takes it when it has room again, hence at once with the reading.
            let mut writer = self.client.0.try_clone()?;
            let end = REQUEST[REQUEST.len() - rest..].to_vec();
            std::thread::spawn(move || writer.write_all(&end));
        }
        while left > 0 {
            let most = left.min(buffer.len() - place);
            let count = self.client.0.read(&mut buffer[..most])?;
            ensure!(count > 0, "the server ended with {left} bytes to come");
            let wanted = &expected[place..place + count];
            ensure!(buffer[..count] == *wanted, "another answer");
            place = (place + count) % HELLO.len();
            left -= count;
        }
        figures.answered += self.begun();
        self.client.close()
    }
}

/// Looks in turn that must show no progress: a server on a busy machine may pause.
const QUIET_LOOKS: u32 = 10;

/// Has the peers ask until the server takes no more. Its own count tells whether it is at work still.
fn fill(server: &mut Server, peers: &mut [Peer]) -> Result<()> {
    let requests = REQUEST.repeat(1000);
    let (mut before, mut quiet) = (None, 0);
    while quiet < QUIET_LOOKS {
        let mut any = false;
        for peer in &mut *peers {
            any |= peer.send(&requests)?;
        }
        let now = Some(counts(server)?.requests);
        quiet = if any || before != now { 0 } else { quiet + 1 };
        before = now;
        sleep(LOOK_AGAIN);
    }
    Ok(())
}

pub(super) fn bounded(stand: &Stand) -> Result<Figures> {
    let mut figures = Figures::default();
    let mut server = stand.start(&[])?;
    files_when_empty(&mut server, &mut figures)?;
    let before = resident_kib(server.start.pid)?;
    let mut peers = Vec::new();
    for _ in 0..PEERS {
        peers.push(Peer::connect(&server, &mut figures)?);
    }
    fill(&mut server, &mut peers)?;
    let growth = resident_kib(server.start.pid)?.saturating_sub(before);
    ensure!(
        growth <= MOST_GROWTH_KIB,
        "the server grew by {growth} KiB for {PEERS} peers; {MOST_GROWTH_KIB} are allowed"
    );
    Client::connect(server.start.address, &mut figures)?.ask(&mut figures)?;
    for peer in peers {
        figures.sent += peer.begun();
        peer.read_all(&mut figures)?;
    }
    stop(server)?;
    Ok(figures)
}
