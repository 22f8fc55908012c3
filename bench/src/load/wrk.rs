//! wrk: found, told what to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use records::LoadPoint;
use tempfile::TempDir;

use crate::subjects::find_command;

const SCRIPT_NAME: &str = "report.lua";
const SCRIPT: &str = include_str!("report.lua");

/// After this long wrk has opened its connections: several times what 2000 of them take on one
/// processor.
pub(super) const CONNECTED: Duration = Duration::from_millis(200);

/// Wait of every thread before it connects, where there are few files; the script says why. It is over
/// before the connections are looked at.
const WAIT_MS: u32 = 150;

/// An installed wrk.
#[derive(Debug)]
pub struct Wrk {
    program: PathBuf,
    version: String,
    directory: TempDir,
}

impl Wrk {
    /// The wrk in `PATH`.
    ///
    /// # Errors
    /// When there is none; the message says how to get it.
    pub fn find() -> Result<Self> {
        let program = find_command(Path::new("wrk")).context(
            "wrk, the load generator, is not in PATH; install it with `apt-get install wrk` \
             (Debian, Ubuntu)",
        )?;
        // `wrk -v` prints its version above its usage, and ends with status 1.
        let output = Command::new(&program)
            .arg("-v")
            .output()
            .context("cannot run wrk")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = text.lines().next().unwrap_or("").trim().to_owned();
        let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
        fs::write(directory.path().join(SCRIPT_NAME), SCRIPT)
            .context("cannot write wrk's script")?;
        Ok(Self {
            program,
            version,
            directory,
        })
    }

    /// Its version line.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// It, where its script is, without arguments.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(self.directory.path());
        command
    }
}

/// wrk's arguments for a load on `address` (`ADDR:PORT`).
pub(super) fn arguments(
    threads: u32,
    load: &LoadPoint,
    window_s: u32,
    address: &str,
) -> Vec<String> {
    let mut arguments = vec![
        format!("-t{threads}"),
        format!("-c{}", load.connections),
        format!("-d{window_s}s"),
        "--latency".to_owned(),
        "-s".to_owned(),
        SCRIPT_NAME.to_owned(),
        format!("http://{address}/"),
    ];
    if load.pipeline > 1 || load.client_nofile.is_some() {
        arguments.push(load.pipeline.to_string());
    }
    if load.client_nofile.is_some() {
        arguments.push(WAIT_MS.to_string());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::closed_loop;

    #[test]
    fn a_depth_is_given_only_where_requests_are_pipelined() {
        let plain = arguments(2, &closed_loop(50, 1), 3, "127.0.0.1:1");
        assert_eq!(
            plain.join(" "),
            "-t2 -c50 -d3s --latency -s report.lua http://127.0.0.1:1/"
        );
        let deep = arguments(2, &closed_loop(50, 16), 3, "127.0.0.1:1");
        assert_eq!(deep.last().unwrap(), "16");
        let few_files = LoadPoint {
            client_nofile: Some(1024),
            ..closed_loop(50, 1)
        };
        let few_files = arguments(2, &few_files, 3, "127.0.0.1:1");
        assert_eq!(few_files[few_files.len() - 2..], ["1", "150"]);
    }
}
