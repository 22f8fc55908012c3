//! oha: found, told what to do, read.
//!
//! Its JSON has percentiles and eleven buckets; its CSV has every request that was answered, with its
//! latency since it was due, and that is what is read. What the CSV lacks is told as far as it can be:
//! a failed request has no row, but the connection that is opened after it has, so that connections
//! beyond those asked for count as errors. Whatever else is lost shows in the rate, which is then
//! short of what was offered. Bytes are those of the bodies alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use nix::unistd::Pid;
use procfs::process::{FDTarget, Process};
use records::LoadPoint;
use serde::Deserialize;

use super::report::{Pair, Window};
use crate::subjects::find_command;

/// The name of its program.
pub(super) const NAME: &str = "oha";

/// After this long each connection has had a request, by which it is opened.
pub(super) const CONNECTED: Duration = Duration::from_millis(200);

/// An installed oha.
#[derive(Debug)]
pub struct Oha {
    program: PathBuf,
    version: String,
}

impl Oha {
    /// The oha in `PATH`.
    ///
    /// # Errors
    /// When there is none; the message says how to get it.
    pub fn find() -> Result<Self> {
        let program = find_command(Path::new(NAME)).context(
            "oha, a load generator of this experiment, is not in PATH; install it with `cargo install --locked \
             oha`, or run the experiment by ./study, which does",
        )?;
        let output = Command::new(&program).arg("--version").output();
        let output = output.context("cannot run oha")?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Self { program, version })
    }

    /// Its version line.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// It, without arguments.
    pub(super) fn command(&self) -> Command {
        Command::new(&self.program)
    }
}

/// oha's arguments for a load on `address` (`ADDR:PORT`).
pub(super) fn arguments(
    threads: u32,
    load: &LoadPoint,
    window_s: u32,
    address: &str,
) -> Vec<String> {
    let rate = load.offered_rate_per_s.unwrap_or(1);
    let (connections, url) = (load.connections, format!("http://{address}/"));
    let options = format!(
        "-z {window_s}s -c {connections} -q {rate} --latency-correction --no-tui --disable-compression \
         --output-format csv --worker-threads {threads}"
    );
    let words = options.split_whitespace().map(str::to_owned);
    words.chain([url]).collect()
}

/// Sockets that it has open, without those by which its runtime hears of signals.
///
/// # Errors
/// When the kernel does not say.
pub(super) fn connections(pid: Pid) -> Result<u64> {
    let process = Process::new(pid.as_raw()).context("oha has ended")?;
    let local = process.unix().context("cannot read the local sockets")?;
    let local: BTreeSet<u64> = local.into_iter().map(|entry| entry.inode).collect();
    let files = process.fd().context("cannot count the sockets of oha")?;
    let counts =
        |target: &FDTarget| matches!(target, FDTarget::Socket(inode) if !local.contains(inode));
    let open = files.flatten().filter(|file| counts(&file.target));
    Ok(open.count() as u64)
}

#[derive(Deserialize)]
struct Row {
    #[serde(rename = "DNS+dialup")]
    connecting_s: f64,
    #[serde(rename = "request-duration")]
    latency_s: f64,
    bytes: u64,
    status: u16,
}

/// What its CSV says of a window of `length` at `load`.
///
/// # Errors
/// When it is not oha's.
pub(super) fn read(csv: &str, length: Duration, load: &LoadPoint) -> Result<(Window, Vec<Pair>)> {
    let mut histogram = Histogram::<u64>::new(3)?;
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    let (mut requests, mut bytes, mut connected, mut refused) = (0, 0, 0u64, 0);
    for row in csv::Reader::from_reader(csv.as_bytes()).deserialize() {
        let row: Row = row.context("oha's report is not readable")?;
        ensure!(
            (0.0..1e6).contains(&row.latency_s),
            "oha reports a latency of {} s",
            row.latency_s
        );
        let latency_us = ((row.latency_s * 1e6).round() as u64).max(1);
        histogram.record(latency_us)?;
        *counts.entry(latency_us).or_default() += 1;
        requests += 1;
        bytes += row.bytes;
        connected += u64::from(row.connecting_s > 0.0);
        refused += u64::from(row.status >= 400);
    }
    let quantile = |quantile| histogram.value_at_quantile(quantile);
    let window = Window {
        duration_us: u64::try_from(length.as_micros())?,
        requests,
        bytes,
        errors_connect: 0,
        errors_read: connected.saturating_sub(load.connections.into()),
        errors_write: 0,
        errors_status: refused,
        errors_timeout: 0,
        // Its CPU time is known when it has ended.
        client_cpu_us: 0,
        latency_mean_us: histogram.mean().round() as u64,
        latency_p50_us: quantile(0.5),
        latency_p90_us: quantile(0.9),
        latency_p99_us: quantile(0.99),
        latency_p999_us: quantile(0.999),
        latency_max_us: histogram.max(),
        connections_left: None,
    };
    Ok((window, counts.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use records::Generator;

    use super::*;

    fn load() -> LoadPoint {
        LoadPoint {
            connections: 2,
            generator: Generator::Oha,
            offered_rate_per_s: Some(900),
            ..LoadPoint::default()
        }
    }

    #[test]
    fn the_rate_and_its_correction_are_asked_for() {
        assert_eq!(
            arguments(1, &load(), 3, "127.0.0.1:1").join(" "),
            "-z 3s -c 2 -q 900 --latency-correction --no-tui --disable-compression --output-format csv \
             --worker-threads 1 http://127.0.0.1:1/"
        );
    }

    const CSV: &str = "request-start,DNS,DNS+dialup,Response-delay,request-duration,bytes,status\n\
        0.0114,0.00004,0.000285,0.0241,0.024199667,13,200\n\
        0.0116,0.000002,0.00007,0.0239,0.024187741,13,200\n\
        0.0233,0,0,0.00002,0.00002,13,200\n\
        0.0353,0.00002,0.00028,0.00001,0.00002,13,404\n";

    #[test]
    fn every_latency_is_in_the_histogram() {
        let (window, pairs) = read(CSV, Duration::from_secs(1), &load()).unwrap();
        assert_eq!(pairs, [(20, 2), (24_188, 1), (24_200, 1)]);
        assert_eq!((window.requests, window.bytes), (4, 52));
        assert_eq!((window.duration_us, window.latency_p50_us), (1_000_000, 20));
        // Three connections were opened, of which two were asked for.
        assert_eq!((window.errors_read, window.errors_status), (1, 1));
    }

    #[test]
    fn other_text_is_refused() {
        let refused = |csv: &str| read(csv, Duration::from_secs(1), &load()).is_err();
        assert!(refused("a,b\n1,2\n"));
        assert!(refused(&CSV.replace("0.024199667", "-nan")));
        assert!(refused(&CSV.replace("0.024199667", "-1")));
    }
}
