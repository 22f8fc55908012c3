//! flood: found, told what to do.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use records::{Generator, LoadPoint};
use server_kit::Cpus;

use crate::subjects::{Binary, Directories};

/// The name of its binary.
pub(super) const NAME: &str = "flood";

/// The study's own load generator.
#[derive(Debug)]
pub struct Flood {
    binary: Binary,
    version: String,
}

impl Flood {
    /// The flood among the study's servers, executed as a copy in the directory `copies`.
    ///
    /// # Errors
    /// When there is none, or it cannot be copied or run.
    pub fn find(directories: &Directories, copies: &Path) -> Result<Self> {
        let binary = Binary::read(NAME, directories.find_binary(NAME)?, Some(copies))?;
        let output = Command::new(&binary.path).arg("--version").output();
        let output = output.context("cannot run flood")?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        ensure!(
            output.status.success() && version.starts_with(NAME),
            "{} is not flood: its --version prints `{version}`; build it with `cargo build --profile server -p flood`",
            binary.source.display()
        );
        Ok(Self { binary, version })
    }

    /// Its version line.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Its binary, by its name.
    pub fn binary(&self) -> (String, Binary) {
        (NAME.to_owned(), self.binary.clone())
    }

    /// It, without arguments.
    pub(super) fn command(&self) -> Command {
        Command::new(&self.binary.path)
    }
}

/// Ports of an address that are used, of the 28 232 that Linux has unless told otherwise.
const PORTS_AN_ADDRESS: u32 = 20_000;

/// The addresses that a load's connections come from: more than one where an address has too few ports,
/// which only flood can do, and only on loopback.
pub fn sources(load: &LoadPoint) -> u8 {
    let connections = load.connections.saturating_add(load.idle_connections);
    let needed = match load.generator {
        Generator::Flood => connections.div_ceil(PORTS_AN_ADDRESS),
        Generator::Wrk | Generator::Oha => 1,
    };
    u8::try_from(needed).unwrap_or(u8::MAX).clamp(1, 200)
}

/// flood's arguments for a load on `address` (`ADDR:PORT`) from threads pinned to `cpus`, if any.
pub(super) fn arguments(
    threads: u32,
    load: &LoadPoint,
    window_s: u32,
    address: &str,
    cpus: &[u32],
) -> Vec<String> {
    let cpus = Cpus(cpus.iter().map(|cpu| *cpu as usize).collect());
    let loopback = |address: SocketAddr| address.ip().is_loopback();
    let loopback = address.parse().is_ok_and(loopback);
    let sources = Some(sources(load)).filter(|count| *count > 1 && loopback);
    let options = [
        ("--address", address.to_owned()),
        ("--connections", load.connections.to_string()),
        ("--idle", load.idle_connections.to_string()),
        ("--pipeline", load.pipeline.to_string()),
        ("--duration-s", window_s.to_string()),
        ("--threads", threads.to_string()),
        ("--cpus", cpus.to_string()),
    ];
    let special = [
        (
            "--rate",
            load.offered_rate_per_s.map(|rate| rate.to_string()),
        ),
        (
            "--requests-per-connection",
            load.requests_per_connection.map(|count| count.to_string()),
        ),
        ("--sources", sources.map(|count| count.to_string())),
    ];
    let special = special
        .into_iter()
        .filter_map(|(option, value)| Some((option, value?)));
    let words = options.into_iter().chain(special);
    words
        .flat_map(|(option, value)| [option.to_owned(), value])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::closed_loop;

    #[test]
    fn every_option_is_told() {
        let load = LoadPoint {
            generator: Generator::Flood,
            idle_connections: 100,
            ..closed_loop(50, 16)
        };
        assert_eq!(
            arguments(2, &load, 3, "127.0.0.1:1", &[2, 3]).join(" "),
            "--address 127.0.0.1:1 --connections 50 --idle 100 --pipeline 16 --duration-s 3 --threads 2 --cpus 2,3"
        );
        assert!(
            arguments(1, &load, 3, "127.0.0.1:1", &[])
                .join(" ")
                .ends_with("--cpus none")
        );
        let many = LoadPoint {
            connections: 50_000,
            ..load
        };
        for (address, several) in [("127.0.0.1:1", true), ("198.51.100.1:1", false)] {
            let words = arguments(1, &many, 3, address, &[]);
            assert_eq!(words.contains(&"--sources".to_owned()), several);
        }
    }

    #[test]
    fn another_program_of_that_name_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let directories = Directories::new(Some(directory.path())).unwrap();
        let copies = tempfile::tempdir().unwrap();
        let missing = Flood::find(&directories, copies.path()).unwrap_err();
        assert!(format!("{missing:#}").contains("-p flood"), "{missing:#}");
        std::fs::copy("/bin/true", directory.path().join(NAME)).unwrap();
        let other = Flood::find(&directories, copies.path()).unwrap_err();
        assert!(other.to_string().contains("is not flood"), "{other:#}");
    }
}
