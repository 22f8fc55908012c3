//! Many connections, and more than there may be.

use anyhow::{Result, ensure};

use crate::client::{Client, Reply};
use crate::figures::Figures;
use crate::subject::Stand;
use crate::watch::{counts, ensure_files, ensure_no_spin, files_when_empty, stop, wait_until};

const IDLE: usize = 10_000;
const CAP: u64 = 50;

pub(super) fn idle(stand: &Stand) -> Result<Figures> {
    let files = server_kit::raise_open_file_limit()?;
    ensure!(
        files > IDLE as u64 + 1000,
        "{IDLE} connections need more than the {files} files that this process may open: raise the \
         limit (`ulimit -Hn`)"
    );
    let mut figures = Figures::default();
    let mut server = stand.start(&[])?;
    let before = files_when_empty(&mut server, &mut figures)?;
    let mut clients = Vec::new();
    for _ in 0..IDLE {
        clients.push(Client::connect(server.start.address, &mut figures)?);
    }
    let mut asking = Client::connect(server.start.address, &mut figures)?;
    for _ in 0..1000 {
        asking.ask(&mut figures)?;
    }
    ensure_no_spin(&mut server)?;
    for client in &mut clients {
        client.ask(&mut figures)?;
    }
    drop((clients, asking));
    wait_until(&mut server, "empty", |counts| {
        counts.accepts == counts.closes
    })?;
    ensure_files(server.start.pid, before)?;
    stop(server)?;
    Ok(figures)
}

pub(super) fn cap(stand: &Stand) -> Result<Figures> {
    let mut figures = Figures::default();
    let mut server = stand.start(&["--max-connections", &CAP.to_string()])?;
    let mut clients = Vec::new();
    for _ in 0..8 * CAP {
        let mut client = Client::connect(server.start.address, &mut figures)?;
        client.send(&mut figures);
        clients.push(client);
    }
    let full = |counts: &server_kit::WorkerCounters| counts.accepts >= CAP;
    wait_until(&mut server, "full", full)?;
    ensure_no_spin(&mut server)?;
    for mut client in clients {
        let counts = counts(&mut server)?;
        let open = counts.accepts - counts.closes;
        ensure!(open <= CAP, "{open} connections at once");
        ensure!(client.receive(&mut figures)? == Reply::Answer);
        client.close()?;
    }
    stop(server)?;
    Ok(figures)
}
