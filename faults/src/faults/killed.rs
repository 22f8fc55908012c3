//! Clients that are killed in the midst of their work.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use conformance::server::Server;

use crate::client::Client;
use crate::figures::Figures;
use crate::subject::Stand;
use crate::watch::{ensure_files, files_when_empty, stop, wait_until};

const KILLS: u64 = 10;

/// Answers of a client before it is killed: by then all of its connections are at work.
const ANSWERS: u64 = 2_000;

const LOAD: [&str; 6] = [
    "--connections",
    "100",
    "--pipeline",
    "8",
    "--duration-s",
    "600",
];

/// A load generator, killed when this is dropped.
struct Load(Child);

impl Load {
    fn start(program: &Path, server: &Server) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["--address", &server.start.address.to_string()]);
        command
            .args(LOAD)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let started = command.spawn();
        let cannot = || format!("cannot start {}", program.display());
        Ok(Self(started.with_context(cannot)?))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

pub(super) fn in_flight(stand: &Stand) -> Result<Figures> {
    let flood = stand.beside("flood")?;
    let mut figures = Figures::default();
    let mut server = stand.start(&[])?;
    let files = files_when_empty(&mut server, &mut figures)?;
    let mut neighbour = Client::connect(server.start.address, &mut figures)?;
    for _ in 0..KILLS {
        neighbour.ask(&mut figures)?;
        let before = wait_until(&mut server, "alone", |counts| {
            counts.accepts == counts.closes + 1
        })?;
        let load = Load::start(&flood, &server)?;
        let loaded = before.requests + ANSWERS;
        wait_until(&mut server, "loaded", |counts| counts.requests >= loaded)?;
        neighbour.ask(&mut figures)?;
        drop(load);
    }
    wait_until(&mut server, "alone", |counts| {
        counts.accepts == counts.closes + 1
    })?;
    neighbour.ask(&mut figures)?;
    neighbour.close()?;
    ensure_files(server.start.pid, files)?;
    let last = stop(server)?;
    // Those of the killed are as many as the server has answered: nobody knows which of them arrived.
    let of_the_killed = last.requests - figures.answered;
    figures.connections = last.accepts;
    figures.sent += of_the_killed;
    figures.withdrawn += of_the_killed;
    Ok(figures)
}
