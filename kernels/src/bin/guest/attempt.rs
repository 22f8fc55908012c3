//! One server, tried: what it said, and whether it serves.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use conformance::server::Server;
use conformance::{Case, run_all};
use server_kit::StartLine;

use crate::arms::BIN;

/// An ordinary user and group: nobody's.
const ORDINARY: u32 = 65_534;

const LOG: &str = "/tmp/log";

/// What came of a server.
pub enum Tried {
    /// It served, and passed the cases: its start line and what else it said.
    Served { start: StartLine, said: String },
    /// It ended without listening, and said why.
    Refused { said: String },
}

/// Starts a server by its command line, as root or as an ordinary user, has it pass the cases that any
/// server passes, and stops it.
///
/// # Errors
/// When it does neither, or does not end well.
pub fn attempt(command_line: &str, ordinary: bool) -> Result<Tried> {
    let mut words = command_line.split_whitespace();
    let program = words.next().context("no program")?;
    let mut command = Command::new(format!("{BIN}/{program}"));
    command.args(words).stderr(File::create(LOG)?);
    if ordinary {
        command.uid(ORDINARY).gid(ORDINARY);
    }
    let server = match Server::start(&mut command) {
        Ok(server) => server,
        Err(error) => {
            let said = said()?;
            ensure!(!said.is_empty(), "it ended without a word: {error:#}");
            return Ok(Tried::Refused { said });
        }
    };
    let start = server.start.clone();
    for (Case { name, .. }, outcome) in run_all(start.address, Case::is_short) {
        if let conformance::Outcome::Failed(failure) = outcome {
            bail!("{name}: {failure}");
        }
    }
    let (status, _) = server.stop().with_context(|| said().unwrap_or_default())?;
    ensure!(status.success(), "it ended with {status}: {}", said()?);
    Ok(Tried::Served {
        start,
        said: said()?,
    })
}

fn said() -> Result<String> {
    let bytes = std::fs::read(LOG)?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}
