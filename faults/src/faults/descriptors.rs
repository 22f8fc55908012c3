//! No file can be opened.

use anyhow::{Result, ensure};
use conformance::confine::without_calls;
use conformance::server::Server;

use crate::client::{Client, Reply};
use crate::figures::Figures;
use crate::subject::Stand;
use crate::watch::{counts, ensure_no_spin, stop, wait_until};

const WAITING: usize = 100;

pub(super) fn process(stand: &Stand) -> Result<Figures> {
    let mut figures = Figures::default();
    let mut server = stand.start_after("ulimit -n 40", &[])?;
    let mut first = Client::connect(server.start.address, &mut figures)?;
    first.ask(&mut figures)?;
    let mut clients = Vec::new();
    for _ in 0..WAITING {
        let mut client = Client::connect(server.start.address, &mut figures)?;
        client.send(&mut figures);
        clients.push(client);
    }
    // A ring's own table is never full: accepting stops before.
    let full = |line: &server_kit::WorkerCounters| line.errors > 0 || line.accepts >= 20;
    wait_until(&mut server, "out of files", full)?;
    ensure_no_spin(&mut server)?;
    let held = counts(&mut server)?;
    ensure!(held.accepts < 41, "the limit is not kept: {held:?}");
    first.ask(&mut figures)?;
    served_in_the_end(server, first, clients, figures)
}

/// Takes what those who waited get, now that there are files again.
pub(super) fn served_in_the_end(
    server: Server,
    mut first: Client,
    waiting: Vec<Client>,
    mut figures: Figures,
) -> Result<Figures> {
    for mut client in waiting {
        client.receive(&mut figures)?;
        client.close()?;
    }
    first.ask(&mut figures)?;
    let last = stop(server)?;
    ensure!(last.accepts == figures.connections, "{last:?}");
    ensure!(figures.refused == 0, "a request was refused: {figures:?}");
    Ok(figures)
}

pub(super) fn system(stand: &Stand) -> Result<Figures> {
    let mut figures = Figures::default();
    let calls = [libc::SYS_accept4, libc::SYS_accept];
    let filtered = || stand.start(&[]);
    let mut server = without_calls(&calls, libc::ENFILE.unsigned_abs(), filtered)??;
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = Client::connect(server.start.address, &mut figures)?;
        client.send(&mut figures);
        clients.push(client);
    }
    wait_until(&mut server, "out of files", |counts| counts.errors > 0)?;
    ensure_no_spin(&mut server)?;
    let last = stop(server)?;
    ensure!(last.accepts == 0, "{last:?}");
    for client in &mut clients {
        ensure!(client.receive(&mut figures)? == Reply::Refusal);
    }
    Ok(figures)
}
