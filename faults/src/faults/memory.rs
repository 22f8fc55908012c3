//! No memory is left.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::client::{Client, REQUEST};
use crate::figures::Figures;
use crate::subject::Stand;

/// Little more than a server without connections has.
const LIMIT_BYTES: &str = "12582912";
const CONNECTIONS: usize = 5_000;

/// Whichever version of control groups the host has, with its files for the limit and for how often that
/// was met.
const HIERARCHIES: [(&str, &str, &str); 2] = [
    ("/sys/fs/cgroup", "memory.max", "memory.events"),
    (
        "/sys/fs/cgroup/memory",
        "memory.limit_in_bytes",
        "memory.failcnt",
    ),
];

/// A control group, removed when this is dropped.
struct Group {
    folder: PathBuf,
    met: PathBuf,
}

impl Group {
    fn create() -> Option<Self> {
        HIERARCHIES.iter().find_map(|(root, limit, met)| {
            let name = format!("faults-{}", std::process::id());
            let folder = Path::new(root).join(name);
            fs::create_dir(&folder).ok()?;
            let file = folder.join(limit);
            let met = folder.join(met);
            let group = Self { folder, met };
            // Writing would make a file where the folder is no control group.
            (file.exists() && fs::write(&file, LIMIT_BYTES).is_ok()).then_some(group)
        })
    }

    /// How often more was asked for than the limit allows.
    fn times_met(&self) -> Result<u64> {
        let text = fs::read_to_string(&self.met)?;
        // The older version has the number alone.
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix("max "));
        let cannot = || format!("{}: {text:?}", self.met.display());
        line.unwrap_or(text.trim()).parse().with_context(cannot)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Busy until the kernel has seen the last process off.
        for _ in 0..100 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            sleep(Duration::from_millis(20));
        }
        eprintln!("faults: {} is left behind", self.folder.display());
    }
}

pub(super) fn obstacle() -> Option<String> {
    let made = Group::create().is_some();
    (!made).then(|| "no control group for memory can be made here (needs root)".to_owned())
}

/// The kernel kills a server that takes more, or the server lives: either way nobody waits for ever.
pub(super) fn limit(stand: &Stand) -> Result<Figures> {
    let mut figures = Figures::default();
    let group = Group::create().context("cannot make a control group")?;
    let join = format!("echo $$ >{}/cgroup.procs", group.folder.display());
    let mut server = stand.start_after(&join, &[])?;
    server_kit::raise_open_file_limit()?;
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let Ok(mut client) = Client::connect(server.start.address, &mut figures) else {
            break;
        };
        client.send_part(REQUEST, &mut figures);
        clients.push(client);
    }
    for client in &mut clients {
        client.receive(&mut figures)?;
    }
    ensure!(group.times_met()? > 0, "the limit was never met");
    if let Err(error) = server.counters() {
        let status = server.ended()?.ok_or(error)?;
        let killed = status.signal() == Some(libc::SIGKILL);
        ensure!(killed, "the server ended with {status}");
    }
    Ok(figures)
}
