//! `peer-nginx`: runs the system's nginx as a hello server.
//!
//! Writes a configuration into a directory of its own, runs nginx in the foreground, and ends it and
//! removes the directory on SIGINT or SIGTERM. What nginx counts itself (`stub_status`) is reported
//! as the other servers' counters are; it does so whether it is asked or not.
//!
//! The body is the others'; the head cannot be: nginx always sends `Server`, `Date` and
//! `Connection`.
#![forbid(unsafe_code)]

mod configuration;
mod process;
mod status;

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use peer_kit::{Peer, start_line};
use server_kit::{CommonArgs, Event, print_line, raise_open_file_limit};
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;
use socket2::{Domain, Socket, Type};

use crate::process::Nginx;

/// Runs nginx as a hello server
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    common: CommonArgs,
}

const PEER: Peer = Peer {
    package: "nginx",
    driver: "nginx-epoll",
    ring_flags: &[],
    features: &["own-head"],
};

fn main() -> ExitCode {
    let args = Args::parse();
    peer_kit::exit_code(serve(&args.common))
}

fn serve(args: &CommonArgs) -> Result<()> {
    ensure!(
        !args.no_parse,
        "nginx reads every request; leave out --no-parse"
    );
    ensure!(
        args.body_bytes.is_none(),
        "the answer of this server has one length; leave out --body-bytes"
    );
    let open_files = raise_open_file_limit()?;
    // Before nginx starts, so that none of them can end this process and leave it behind.
    let mut signals =
        Signals::new([SIGCHLD, SIGINT, SIGTERM, SIGUSR1]).context("cannot catch signals")?;
    let version = process::version()?;
    let (reservation, address) = reserve(args.listen)?;
    let directory = tempfile::Builder::new()
        .prefix("peer-nginx-")
        .tempdir()
        .context("cannot make a temporary directory")?;
    let path = directory.path();
    let text = configuration::text(args, address, path, open_files);
    let nginx = Nginx::start(path, &text)?;
    let mut status = nginx.wait_until_ready()?;
    print_line(&start_line(args, &PEER, &version, address))
        .context("cannot print the start line")?;
    for signal in signals.forever() {
        match signal {
            SIGUSR1 => print_line(&status.read(Event::Counters)?),
            // Also sent when a worker has ended, which nginx sees to.
            SIGCHLD if nginx.is_running()? => Ok(()),
            SIGCHLD => bail!("nginx has ended; see its messages above"),
            _ => break,
        }
        .context("cannot print the counters")?;
    }
    let last = status.read(Event::Stop)?;
    nginx.stop()?;
    drop(reservation);
    print_line(&last).context("cannot print the counters")
}

/// Holds the port without listening, so that a free one stays free until nginx has it.
fn reserve(listen: SocketAddr) -> Result<(Socket, SocketAddr)> {
    let reserve = || {
        let socket = Socket::new(Domain::for_address(listen), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        socket.bind(&listen.into())?;
        let address = socket.local_addr()?.as_socket();
        std::io::Result::Ok((socket, address.unwrap_or(listen)))
    };
    reserve().with_context(|| {
        format!(
            "cannot listen on {listen}; when the port is taken, end the process that holds it \
             (`ss -ltnp`) or choose another with --listen"
        )
    })
}
