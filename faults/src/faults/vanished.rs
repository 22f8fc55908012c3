//! Peers that are gone without a word: neither an end nor a reset of theirs arrives.

use anyhow::{Context, Result, bail};
use conformance::server::Server;

use crate::client::{Client, REQUEST};
use crate::figures::Figures;
use crate::network::{self, Link};
use crate::subject::Stand;
use crate::watch::{Paused, counts, ensure_files, files_when_empty, stop, wait_until};

const PEERS: usize = 20;

/// Requests whose answers do not fit into the server's socket.
const MANY: usize = 1000;

const BODY: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nnot 9";

/// Seconds after which a peer is taken for idle: longer ones where a busy machine has not opened all
/// connections by then.
const TIME_OUTS: [&str; 3] = ["5", "20", "60"];

pub(super) fn in_every_state(stand: &Stand) -> Result<Figures> {
    network::inside(|link| {
        for seconds in TIME_OUTS {
            if let Some(figures) = vanish(stand, link, seconds)? {
                return Ok(figures);
            }
        }
        bail!("peers were taken for idle before they could be gone")
    })
}

/// Nothing when a peer was taken for idle before it was gone.
fn vanish(stand: &Stand, link: &Link, seconds: &str) -> Result<Option<Figures>> {
    let mut figures = Figures::default();
    let time_outs = ["--idle-timeout-s", seconds, "--head-timeout-s", seconds];
    let flags: &[&str] = if stand.subject.is_kio() {
        &time_outs
    } else {
        &[]
    };
    let mut server = stand.start(flags)?;
    let files = files_when_empty(&mut server, &mut figures)?;
    let begun = counts(&mut server)?;

    let mut clients = Vec::new();
    if stand.subject.is_kio() {
        clients = waited_for(&server, &mut figures)?;
    }
    let mut asking = Vec::new();
    for _ in 0..2 * PEERS {
        asking.push(Client::connect(server.start.address, &mut figures)?);
    }
    let all = (clients.len() + asking.len()) as u64;
    let accepted = wait_until(&mut server, "accepted", |counts| {
        counts.accepts == begun.accepts + all
    })?;
    if accepted.closes > begun.closes {
        return Ok(None);
    }
    let paused = Paused::new(&server)?;
    for (number, client) in asking.iter_mut().enumerate() {
        let requests = if number % 2 == 0 { 1 } else { MANY };
        client.send_part(&REQUEST.repeat(requests), &mut figures);
        figures.sent += requests as u64 - 1;
        figures.withdrawn += requests as u64;
    }
    link.cut()?;
    for client in clients.into_iter().chain(asking) {
        client.reset()?;
    }
    drop(paused);
    let waiting = stand.subject.is_kio();
    wait_until(&mut server, "rid of those that it waits for", |counts| {
        let ended = counts.closes - begun.closes + PEERS as u64 >= all;
        counts.requests > begun.requests && (ended || !waiting)
    })?;
    link.mend()?;
    // What is sent again meets nobody now, which the peer's machine says.
    wait_until(&mut server, "rid of all", |counts| {
        counts.accepts == counts.closes
    })?;
    ensure_files(server.start.pid, files)?;
    let mut later = Client::connect(server.start.address, &mut figures)?;
    later.ask(&mut figures).context("when the link is back")?;
    later.close()?;
    stop(server)?;
    Ok(Some(figures))
}

/// Peers of which the server waits for something.
fn waited_for(server: &Server, figures: &mut Figures) -> Result<Vec<Client>> {
    let mut clients = Vec::new();
    for number in 0..4 * PEERS {
        let mut client = Client::connect(server.start.address, figures)?;
        match number % 4 {
            0 => {}
            1 => client.ask(figures)?,
            state => {
                let part = if state == 2 { &REQUEST[..10] } else { BODY };
                client.send_part(part, figures);
                figures.withdrawn += 1;
            }
        }
        clients.push(client);
    }
    Ok(clients)
}
