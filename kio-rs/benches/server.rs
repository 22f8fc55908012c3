//! The whole server against Tokio's: both run at once, pinned to one processor, and a client on
//! another drives them in turn, a short slice each, so that whatever slows the machine slows both.
//! The ratio of processor time for the same requests is taken pair by pair.
//!
//! This is for a quick look while working on the server; `bench run` measures.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use conformance::server::Server;
use core_affinity::CoreId;
use hello_http::HELLO;
use nix::time::ClockId;
use nix::unistd::Pid;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/// CPU time a request of `kio-rs` and of `tokio-baseline`, as a ratio.
#[derive(Parser)]
struct Options {
    /// Connections to each server
    #[arg(long, default_value_t = 50)]
    connections: usize,
    /// Requests on each connection in a slice
    #[arg(long, default_value_t = 200)]
    rounds: usize,
    /// Pairs of slices; 6 or more for an interval
    #[arg(long, default_value_t = 41)]
    pairs: usize,
    /// Folder of the two binaries [default: the target folder's `server`, their measured profile]
    #[arg(long)]
    subjects: Option<PathBuf>,
    /// Further arguments of kio-rs, as one word
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    kio_args: String,
    /// One short pair, to see that it works
    #[arg(long)]
    test: bool,
    /// As cargo passes it
    #[arg(long, hide = true)]
    bench: bool,
}

/// A running server and its connections.
struct Subject {
    server: Server,
    connections: Vec<TcpStream>,
    clock: ClockId,
}

impl Subject {
    fn start(binary: &Path, args: &[&str], connections: usize) -> Result<Self> {
        let server = Server::spawn(binary, args)?;
        let pid = Pid::from_raw(server.start.pid.try_into()?);
        let clock = ClockId::pid_cpu_clock_id(pid).context("cannot find the server's CPU clock")?;
        let connect = || {
            let stream = TcpStream::connect(server.start.address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(20)))?;
            Ok(stream)
        };
        let connections: Result<_> = (0..connections).map(|_| connect()).collect();
        Ok(Self {
            connections: connections.context("cannot connect to the server")?,
            server,
            clock,
        })
    }

    /// The server's CPU time for as many requests on every connection.
    fn slice(&mut self, rounds: usize) -> Result<Duration> {
        let cpu = || self.clock.now().context("the server has ended");
        let before = cpu()?;
        let mut answer = [0; HELLO.len()];
        for _ in 0..rounds {
            for connection in &mut self.connections {
                connection.write_all(REQUEST)?;
            }
            for connection in &mut self.connections {
                connection.read_exact(&mut answer)?;
                ensure!(answer == HELLO, "the answer differs");
            }
        }
        Ok(Duration::from(cpu()?) - Duration::from(before))
    }
}

/// The median and its 95 % interval, which order alone gives: as many of the smallest and largest
/// are left out as a fair coin would exceed in less than 5 %. No interval with fewer than six.
fn median_of(ratios: &mut [f64]) -> (f64, Option<(f64, f64)>) {
    ratios.sort_by(f64::total_cmp);
    let count = ratios.len();
    let middle = f64::midpoint(ratios[(count - 1) / 2], ratios[count / 2]);
    let (mut heads, mut below, mut left_out) = (0.5_f64.powi(count as i32), 0.0, 0);
    while 2.0 * (below + heads) <= 0.05 {
        below += heads;
        left_out += 1;
        heads *= (count - left_out + 1) as f64 / left_out as f64;
    }
    let interval = (left_out > 0).then(|| (ratios[left_out - 1], ratios[count - left_out]));
    (middle, interval)
}

fn report(ratios: &mut [f64], sums: [Duration; 2], requests: usize) {
    let [kio, tokio] = sums.map(|sum| sum.as_secs_f64() * 1e6 / requests as f64);
    let (middle, interval) = median_of(ratios);
    let interval = interval.map_or_else(
        || "too few pairs for an interval".to_owned(),
        |(low, high)| format!("95 % interval {low:.3} to {high:.3}"),
    );
    println!(
        "server: kio-rs {kio:.2} us, tokio-baseline {tokio:.2} us of CPU a request; ratio \
         {middle:.3} ({interval}; {} pairs)",
        ratios.len()
    );
}

/// The processor of the servers and that of the client.
fn processors() -> Result<(CoreId, CoreId)> {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let (first, last) = (cores.first(), cores.last());
    let (&servers, &client) = first.zip(last).context("the processors are not known")?;
    if servers == client {
        eprintln!("server: the client shares the servers' only processor");
    }
    Ok((servers, client))
}

fn main() -> Result<()> {
    let options = Options::parse();
    let (pairs, rounds) = if options.test {
        (1, 2)
    } else {
        (options.pairs.max(1), options.rounds.max(1))
    };
    // Beside the profile's folder in which this build has put the server.
    let target = Path::new(env!("CARGO_BIN_EXE_kio-rs")).ancestors().nth(2);
    let target = target.context("the build has a target folder")?;
    let folder = options.subjects.unwrap_or_else(|| target.join("server"));
    let (servers, client) = processors()?;
    let cpu = servers.id.to_string();
    let common = ["--workers", "1", "--cpus", &cpu];
    let start = |name: &str, more: &str| {
        let args: Vec<&str> = common.into_iter().chain(more.split_whitespace()).collect();
        Subject::start(&folder.join(name), &args, options.connections).context(
            "build both servers first: cargo build --profile server -p kio-rs -p tokio-baseline",
        )
    };
    let mut kio = start("kio-rs", &options.kio_args)?;
    let mut tokio = start("tokio-baseline", "")?;
    core_affinity::set_for_current(client);
    // Warm.
    kio.slice(rounds)?;
    tokio.slice(rounds)?;
    let (mut ratios, mut sums) = (Vec::new(), [Duration::ZERO; 2]);
    for pair in 0..pairs {
        // Each goes first as often as the other.
        let (ours, theirs) = if pair % 2 == 0 {
            let ours = kio.slice(rounds)?;
            (ours, tokio.slice(rounds)?)
        } else {
            let theirs = tokio.slice(rounds)?;
            (kio.slice(rounds)?, theirs)
        };
        ratios.push(ours.as_secs_f64() / theirs.as_secs_f64());
        sums = [sums[0] + ours, sums[1] + theirs];
    }
    for subject in [kio, tokio] {
        let (status, _) = subject.server.stop()?;
        ensure!(status.success(), "a server did not end well");
    }
    if options.test {
        println!("server: both servers answered");
    } else {
        report(&mut ratios, sums, pairs * rounds * options.connections);
    }
    Ok(())
}
