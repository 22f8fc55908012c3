//! The command line.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use server_kit::Cpus;

/// An HTTP/1.1 load generator over io_uring. Without --rate it is a closed loop: a connection sends
/// its next requests when the last are answered. It prints two lines of JSON: the window as soon as it
/// has closed, while the connections are still open, and the whole latency histogram.
#[derive(Clone, Debug, Parser)]
#[command(name = "flood", version)]
pub struct Args {
    /// The server
    #[arg(long, value_name = "ADDR:PORT")]
    pub address: SocketAddr,

    /// Connections that send requests
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub connections: u32,

    /// Connections that are held open beside them, on which nothing is sent
    #[arg(long, value_name = "M", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    pub idle: u32,

    /// Requests a connection has in flight: the next so many are sent when all are answered
    #[arg(long, value_name = "D", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub pipeline: u32,

    /// Requests offered a second, at equal distances, on whichever connection is free (an open loop).
    /// A request that finds none waits, and its latency counts from when it was due
    #[arg(long, value_name = "R", conflicts_with = "requests_per_connection",
          value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    pub rate: Option<u32>,

    /// Requests after which a connection is closed and another opened in its place. The last one asks
    /// for it (`Connection: close`) and the server closes; latency counts from before connecting
    #[arg(long, value_name = "K",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub requests_per_connection: Option<u32>,

    /// Addresses of this machine to connect from, in turn: 127.0.0.1 and those after it, for more
    /// connections than an address has ports. The server must be on loopback
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=200))]
    pub sources: u8,

    /// Length of the window, which begins when all connections are open
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub duration_s: u32,

    /// Threads, over which the connections are spread evenly
    #[arg(long, value_name = "T", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: u32,

    /// Processors to pin the threads to, in turn: a list such as 0,2-3, or none
    #[arg(long, value_name = "LIST|none", default_value = "none")]
    pub cpus: Cpus,
}

/// What a run does.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server.
    pub address: SocketAddr,
    /// Connections that send requests.
    pub connections: usize,
    /// Connections on which nothing is sent.
    pub idle: usize,
    /// Requests a connection has in flight.
    pub pipeline: usize,
    /// Requests offered a second; none in a closed loop.
    pub rate_per_s: Option<u32>,
    /// Requests after which a connection is opened anew; none when it stays.
    pub requests_per_connection: Option<u32>,
    /// Addresses to connect from.
    pub sources: u8,
    /// Length of the window.
    pub duration: Duration,
    /// Threads.
    pub threads: usize,
    /// Processors to pin them to, in turn; none leave them free.
    pub cpus: Vec<usize>,
    /// An answer, or a connection, that takes longer is an error.
    pub timeout: Duration,
}

/// wrk's own limit.
const TIMEOUT: Duration = Duration::from_secs(2);

impl From<Args> for Settings {
    fn from(args: Args) -> Self {
        Self {
            address: args.address,
            connections: args.connections as usize,
            idle: args.idle as usize,
            pipeline: args.pipeline as usize,
            rate_per_s: args.rate,
            requests_per_connection: args.requests_per_connection,
            sources: args.sources,
            duration: Duration::from_secs(args.duration_s.into()),
            threads: args.threads as usize,
            cpus: args.cpus.0,
            timeout: TIMEOUT,
        }
    }
}
