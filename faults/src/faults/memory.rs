//! No memory is left.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::client::{Client, REQUEST};
use crate::figures::Figures;
use crate::subject::Stand;

/// Little more than a server without connections has.
const LIMIT_BYTES: &str = "12582912";
const CONNECTIONS: usize = 5_000;

/// Whichever version of control groups the host has, with its file for the limit.
const HIERARCHIES: [(&str, &str); 2] = [
    ("/sys/fs/cgroup", "memory.max"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
];

/// A control group, removed when this is dropped.
struct Group(PathBuf);

impl Group {
    fn create() -> Option<Self> {
        HIERARCHIES.iter().find_map(|(root, limit)| {
            let name = format!("faults-{}", std::process::id());
            let group = Self(Path::new(root).join(name));
            fs::create_dir(&group.0).ok()?;
            let file = group.0.join(limit);
            // Writing would make a file where the folder is no control group.
            (file.exists() && fs::write(&file, LIMIT_BYTES).is_ok()).then_some(group)
        })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Busy until the kernel has seen the last process off.
        for _ in 0..100 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            sleep(Duration::from_millis(20));
        }
        eprintln!("faults: {} is left behind", self.0.display());
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
    let join = format!("echo $$ >{}/cgroup.procs", group.0.display());
    let server = stand.start_after(&join, &[])?;
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
    // It may have been killed.
    drop(server);
    drop(clients);
    Ok(figures)
}
