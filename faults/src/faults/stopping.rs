//! The end of a server under load.

use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};

use crate::client::{Client, REQUEST};
use crate::figures::Figures;
use crate::subject::Stand;
use crate::watch::stop;

const CLIENTS: usize = 32;
const AT_A_TIME: u64 = 8;

/// Answers after which the server is stopped: by then all clients send.
const BEFORE: u64 = 5_000;

pub(super) fn under_load(stand: &Stand) -> Result<Figures> {
    let server = stand.start(&[])?;
    let address = server.start.address;
    let answered = AtomicU64::new(0);
    let (figures, last) = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(|| load(address, &answered)))
            .collect();
        while answered.load(Ordering::Relaxed) < BEFORE
            && !clients.iter().any(thread::ScopedJoinHandle::is_finished)
        {
            thread::yield_now();
        }
        let last = stop(server);
        let mut figures = Figures::default();
        for client in clients {
            let own = client.join().map_err(|_| anyhow!("a client panicked"))?;
            figures += own.context("while the server stopped")?;
        }
        Ok::<_, anyhow::Error>((figures, last?))
    })?;
    ensure!(figures.answered >= BEFORE, "it ended early: {figures:?}");
    ensure!(
        last.requests == figures.answered,
        "the server counted {} answers, and {} came",
        last.requests,
        figures.answered
    );
    let late = TcpStream::connect(address);
    ensure!(late.is_err(), "{address} takes connections after the end");
    Ok(figures)
}

/// Asks until it is refused.
fn load(server: SocketAddr, answered: &AtomicU64) -> Result<Figures> {
    let mut figures = Figures::default();
    let mut client = Client::connect(server, &mut figures)?;
    let batch = REQUEST.repeat(AT_A_TIME as usize);
    loop {
        client.send_part(&batch, &mut figures);
        figures.sent += AT_A_TIME - 1;
        for _ in 0..AT_A_TIME {
            client.receive(&mut figures)?;
        }
        answered.fetch_add(AT_A_TIME, Ordering::Relaxed);
        if figures.refused > 0 {
            return Ok(figures);
        }
        ensure!(figures.sent < 10_000_000, "the server does not stop");
    }
}
