//! Connections that come and go, for long.

use std::net::SocketAddr;
use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use conformance::server::Server;
use server_kit::WorkerCounters;

use crate::client::{Client, REQUEST};
use crate::figures::Figures;
use crate::subject::Stand;
use crate::watch::{ensure_files, files_when_empty, resident_kib, stop, wait_until};

const CLIENTS: u64 = 4;

/// The first part of the connections, in which a server may grow to its usual size.
const WARM_UP: u64 = 10;

/// What allocators may take later without a leak: a byte a connection of a million.
const MOST_GROWTH_KIB: u64 = 1024;

/// Enough for all clients at once, and so few that a leak of some would leave none: that a worker has run
/// out of them, and gone on with buffers of its own, is counted.
const FEW_BUFFERS: [&str; 2] = ["--buffers", "16"];

/// The same while resets come without waiting for anything.
const FEW_BUFFERS_OF_RESETS: [&str; 2] = ["--buffers", "64"];
const RESETS: u64 = 50;

fn start(stand: &Stand, flags: &[&str]) -> Result<Server> {
    stand.start(if stand.subject.is_kio() { flags } else { &[] })
}

pub(super) fn leaks(stand: &Stand) -> Result<Figures> {
    let mut server = start(stand, &FEW_BUFFERS)?;
    let mut figures = Figures::default();
    let files = files_when_empty(&mut server, &mut figures)?;
    let each = stand.scale.connections / CLIENTS;
    figures += all_clients(server.start.address, each / WARM_UP)?;
    let before = resident_kib(server.start.pid)?;
    figures += all_clients(server.start.address, each - each / WARM_UP)?;
    check_empty(&mut server, files, before)?;
    let last = stop(server)?;
    ensure!(last.accepts == figures.connections, "{last:?}");
    ensure_buffers(&last)?;
    ensure!(figures.refused == 0, "a request was refused: {figures:?}");
    Ok(figures)
}

fn ensure_buffers(last: &WorkerCounters) -> Result<()> {
    let lost = last.buffers_exhausted;
    ensure!(lost == 0, "shared buffers were lost: {last:?}");
    Ok(())
}

/// Runs the same connections over and over, among resets in the midst of requests.
pub(super) fn soak(stand: &Stand) -> Result<Figures> {
    let mut server = start(stand, &FEW_BUFFERS_OF_RESETS)?;
    let address = server.start.address;
    let mut figures = Figures::default();
    let files = files_when_empty(&mut server, &mut figures)?;
    let begun = Instant::now();
    let round = |figures: &mut Figures| -> Result<()> {
        *figures += all_clients(address, 500)?;
        for _ in 0..RESETS {
            let mut client = Client::connect(address, figures)?;
            client.send_part(&REQUEST[..10], figures);
            figures.withdrawn += 1;
            client.reset()?;
        }
        Ok(())
    };
    while begun.elapsed() < stand.scale.soak / WARM_UP as u32 {
        round(&mut figures)?;
    }
    let before = resident_kib(server.start.pid)?;
    while begun.elapsed() < stand.scale.soak {
        round(&mut figures)?;
    }
    check_empty(&mut server, files, before)?;
    ensure_buffers(&stop(server)?)?;
    Ok(figures)
}

/// Checks that nothing is left of all connections.
fn check_empty(server: &mut Server, files: usize, before_kib: u64) -> Result<()> {
    wait_until(server, "empty", |counts| counts.accepts == counts.closes)?;
    ensure_files(server.start.pid, files)?;
    let growth = resident_kib(server.start.pid)?.saturating_sub(before_kib);
    ensure!(
        growth <= MOST_GROWTH_KIB,
        "the server grew by {growth} KiB; {MOST_GROWTH_KIB} are allowed"
    );
    Ok(())
}

/// As many connections of each of some clients.
fn all_clients(server: SocketAddr, connections: u64) -> Result<Figures> {
    thread::scope(|scope| {
        let clients: Vec<_> = (1..=CLIENTS)
            .map(|client| scope.spawn(move || churn(server, client as u8, connections)))
            .collect();
        let mut figures = Figures::default();
        for client in clients {
            figures += client.join().map_err(|_| anyhow!("a client panicked"))??;
        }
        Ok(figures)
    })
}

fn churn(server: SocketAddr, client: u8, connections: u64) -> Result<Figures> {
    let mut figures = Figures::default();
    for number in 0..connections {
        let host = [client, (number % 250) as u8 + 1];
        let mut connection = Client::connect_from(host, server, &mut figures)?;
        connection.ask(&mut figures)?;
        if number % 2 == 0 {
            connection.close()?;
        } else {
            connection.reset()?;
        }
    }
    Ok(figures)
}
