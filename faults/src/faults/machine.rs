//! What is done to the whole machine, hence in guests that are booted for it only.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::time::{ClockId, clock_gettime, clock_settime};

use super::descriptors::served_in_the_end;
use crate::client::{Client, REQUEST, Reply};
use crate::figures::Figures;
use crate::subject::Stand;
use crate::watch::{counts, ensure_no_spin, stop, wait_until};

const WAITING: usize = 50;
const PEERS: usize = 20;

/// Most files of the machine. The first user has more all the same. Of more than none the kernel, which
/// counts by processor, would not be sure, and let some pass.
struct FileLimit(String);

const FILE_LIMIT: &str = "/proc/sys/fs/file-max";

impl FileLimit {
    fn of_no_file() -> Result<Self> {
        let former = fs::read_to_string(FILE_LIMIT)?;
        fs::write(FILE_LIMIT, "0").with_context(|| format!("cannot set {FILE_LIMIT}"))?;
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
    let limit = FileLimit::of_no_file()?;
    let mut clients = Vec::new();
    for _ in 0..WAITING {
        let mut client = Client::connect(server.start.address, &mut figures)?;
        client.send(&mut figures);
        clients.push(client);
    }
    wait_until(&mut server, "out of files", |counts| counts.errors > 0)?;
    ensure_no_spin(&mut server)?;
    let accepts = counts(&mut server)?.accepts;
    ensure!(accepts == 1, "{accepts} were accepted without a file");
    first.ask(&mut figures)?;
    drop(limit);
    served_in_the_end(server, first, clients, figures)
}

/// Longer than the second in which kio-rs looks at its time-outs twice.
const LOOKED_AT: Duration = Duration::from_millis(2_500);

/// Seconds after which a peer's head is late: longer ones where a slow machine has not come so far as to
/// set the clock by then.
const TIME_OUTS: [u64; 3] = [2, 20, 60];

/// How much later than it should a head may be given up on a slow machine. A server that goes by the clock
/// takes a day more.
const PATIENCE: Duration = Duration::from_secs(60);

fn step_clock(days: i64) -> Result<()> {
    let now = clock_gettime(ClockId::CLOCK_REALTIME)?;
    let then = now + TimeSpec::seconds(days * 24 * 60 * 60);
    clock_settime(ClockId::CLOCK_REALTIME, then).context("cannot set the clock")
}

pub(super) fn clock_steps(stand: &Stand) -> Result<Figures> {
    let mut figures = nobody_is_idle(stand)?;
    if stand.subject.is_kio() {
        figures += time_outs_hold(stand)?;
    }
    Ok(figures)
}

/// A server that goes by the clock takes all for idle after a step forward.
fn nobody_is_idle(stand: &Stand) -> Result<Figures> {
    let mut figures = Figures::default();
    let mut flags = &["--idle-timeout-s", "600", "--head-timeout-s", "600"][..];
    if !stand.subject.is_kio() {
        flags = &[];
    }
    let server = stand.start(flags)?;
    let mut clients = Vec::new();
    for _ in 0..PEERS {
        let mut client = Client::connect(server.start.address, &mut figures)?;
        client.ask(&mut figures)?;
        clients.push(client);
    }
    for days in [1, -2, 1] {
        step_clock(days)?;
        sleep(LOOKED_AT);
        for client in &mut clients {
            client.ask(&mut figures)?;
        }
    }
    for client in clients {
        client.close()?;
    }
    let last = stop(server)?;
    ensure!(last.errors == 0, "{last:?}");
    Ok(figures)
}

fn time_outs_hold(stand: &Stand) -> Result<Figures> {
    for seconds in TIME_OUTS {
        if let Some(figures) = late_heads(stand, seconds)? {
            return Ok(figures);
        }
    }
    bail!("heads were late before the clock could be set")
}

/// Heads that never end, of which a server that goes by the clock takes a day longer to see that after a
/// step back. Nothing when one was late before.
fn late_heads(stand: &Stand, seconds: u64) -> Result<Option<Figures>> {
    let mut figures = Figures::default();
    let time_out = seconds.to_string();
    let mut server =
        stand.start(&["--idle-timeout-s", &time_out, "--head-timeout-s", &time_out])?;
    let mut clients = Vec::new();
    for _ in 0..PEERS {
        let mut client = Client::connect(server.start.address, &mut figures)?;
        client.send_part(&REQUEST[..10], &mut figures);
        client.0.set_read_timeout(Some(2 * PATIENCE))?;
        clients.push(client);
    }
    let all = figures.connections;
    wait_until(&mut server, "accepted", |counts| counts.accepts == all)?;
    step_clock(-1)?;
    let set = Instant::now();
    let before = counts(&mut server)?;
    let mut late = true;
    for client in &mut clients {
        late &= client.receive(&mut figures)? == Reply::Refusal;
    }
    let waited = set.elapsed();
    step_clock(1)?;
    stop(server)?;
    if before.closes > 0 {
        return Ok(None);
    }
    ensure!(late, "a head that has no end was answered");
    let most = Duration::from_secs(seconds) + PATIENCE;
    ensure!(waited < most, "heads are late after {waited:?}");
    Ok(Some(figures))
}
