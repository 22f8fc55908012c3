//! What is done to the whole machine, hence in guests that are booted for it only.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::time::{ClockId, clock_gettime, clock_settime};

use crate::client::{Client, REQUEST, Reply};
use crate::figures::Figures;
use crate::subject::Stand;
use crate::watch::{ensure_no_spin, stop, wait_until};

const WAITING: usize = 50;
const PEERS: usize = 20;

/// Most files of the machine. The first user has more all the same.
struct FileLimit(String);

const FILE_LIMIT: &str = "/proc/sys/fs/file-max";

impl FileLimit {
    fn of_one_file() -> Result<Self> {
        let former = fs::read_to_string(FILE_LIMIT)?;
        fs::write(FILE_LIMIT, "1").with_context(|| format!("cannot set {FILE_LIMIT}"))?;
        Ok(Self(former))
    }
}

impl Drop for FileLimit {
    fn drop(&mut self) {
        if let Err(error) = fs::write(FILE_LIMIT, self.0.trim()) {
            eprintln!("faults: cannot set {FILE_LIMIT} back: {error}");
        }
    }
}

pub(super) fn out_of_files(stand: &Stand) -> Result<Figures> {
    let mut figures = Figures::default();
    let mut server = stand.of_an_ordinary_user().start(&[])?;
    let mut first = Client::connect(server.start.address, &mut figures)?;
    first.ask(&mut figures)?;
    let limit = FileLimit::of_one_file()?;
    let mut clients = Vec::new();
    for _ in 0..WAITING {
        let mut client = Client::connect(server.start.address, &mut figures)?;
        client.send(&mut figures);
        clients.push(client);
    }
    wait_until(&mut server, "out of files", |counts| counts.errors > 0)?;
    ensure_no_spin(&mut server)?;
    first.ask(&mut figures)?;
    drop(limit);
    for mut client in clients {
        client.receive(&mut figures)?;
        client.close()?;
    }
    first.ask(&mut figures)?;
    let last = stop(server)?;
    ensure!(last.accepts == figures.connections, "{last:?}");
    ensure!(figures.refused == 0, "a request was refused: {figures:?}");
    Ok(figures)
}

fn step_clock(days: i64) -> Result<()> {
    let now = clock_gettime(ClockId::CLOCK_REALTIME)?;
    let then = now + TimeSpec::seconds(days * 24 * 60 * 60);
    clock_settime(ClockId::CLOCK_REALTIME, then).context("cannot set the clock")
}

pub(super) fn clock_steps(stand: &Stand) -> Result<Figures> {
    let mut figures = Figures::default();
    // A server that goes by the clock takes all for idle after a step forward.
    let mut flags = &["--idle-timeout-s", "600", "--head-timeout-s", "600"][..];
    if !stand.subject.is_kio() {
        flags = &[];
    }
    let server = stand.start(flags)?;
    let mut clients = Vec::new();
    for _ in 0..PEERS {
        clients.push(Client::connect(server.start.address, &mut figures)?);
    }
    for days in [1, -2, 1] {
        for client in &mut clients {
            client.ask(&mut figures)?;
            client.0.set_read_timeout(Some(Duration::from_secs(600)))?;
        }
        step_clock(days)?;
    }
    for client in clients {
        client.close()?;
    }
    let last = stop(server)?;
    ensure!(last.errors == 0, "{last:?}");
    if stand.subject.is_kio() {
        time_outs_hold(stand, &mut figures)?;
    }
    Ok(figures)
}

/// One that goes by the clock waits for a day after a step back.
fn time_outs_hold(stand: &Stand, figures: &mut Figures) -> Result<()> {
    let server = stand.start(&["--idle-timeout-s", "2", "--head-timeout-s", "2"])?;
    let mut clients = Vec::new();
    for _ in 0..PEERS {
        let mut client = Client::connect(server.start.address, figures)?;
        client.send_part(&REQUEST[..10], figures);
        clients.push(client);
    }
    step_clock(-1)?;
    for client in &mut clients {
        ensure!(client.receive(figures)? == Reply::Refusal);
    }
    step_clock(1)?;
    stop(server)?;
    Ok(())
}
