//! Queues and buffers that are too short for the load.

use anyhow::{Result, ensure};
use server_kit::WorkerCounters;

use crate::client::{Client, Reply};
use crate::figures::Figures;
use crate::subject::{Kind, Stand, Subject};
use crate::watch::{Paused, stop};

pub(super) fn has_rings(subject: &Subject) -> bool {
    subject.kind == Kind::Ring
}

pub(super) fn buffers(stand: &Stand) -> Result<Figures> {
    let flags = ["--buffers", "2", "--buffer-bytes", "64"];
    let (figures, counts) = burst(stand, &flags, 200, 4)?;
    if stand.subject.kind == Kind::Ring {
        ensure!(counts.buffers_exhausted > 0, "never without: {counts:?}");
    }
    Ok(figures)
}

pub(super) fn queues(stand: &Stand) -> Result<Figures> {
    let (figures, _) = burst(stand, &["--queue-depth", "1"], 500, 1)?;
    Ok(figures)
}

/// All requests have come before the worker takes the first.
fn burst(
    stand: &Stand,
    flags: &[&str],
    connections: usize,
    requests: usize,
) -> Result<(Figures, WorkerCounters)> {
    let mut figures = Figures::default();
    let server = stand.start(flags)?;
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(Client::connect(server.start.address, &mut figures)?);
    }
    for _ in 0..2 {
        let paused = Paused::new(&server)?;
        for client in &mut clients {
            for _ in 0..requests {
                client.send(&mut figures);
            }
        }
        drop(paused);
        for client in &mut clients {
            for _ in 0..requests {
                ensure!(client.receive(&mut figures)? == Reply::Answer);
            }
        }
    }
    for client in clients {
        client.close()?;
    }
    Ok((figures, stop(server)?))
}
