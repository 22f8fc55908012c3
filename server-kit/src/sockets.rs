//! Listening sockets, with the same options for every arm.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use socket2::{Domain, Protocol, Socket, Type};

use crate::balance::{Balance, take_turns};

/// Length of the accept queue that is asked for; the kernel caps it at `net.core.somaxconn`.
pub const BACKLOG: i32 = 4096;

/// A listening TCP socket, non-blocking, with `SO_REUSEADDR`, `TCP_NODELAY` (which accepted sockets
/// inherit on Linux) and a backlog of [`BACKLOG`].
///
/// `reuse_port` is for the arms that have a listener a worker; the others go without, so that a
/// second server on the same port is an error.
///
/// # Errors
/// When the socket cannot be made or bound; the message names the address and the remedy.
pub fn listener(address: SocketAddr, reuse_port: bool) -> Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )
    .context("cannot make a TCP socket")?;
    socket
        .set_reuse_address(true)
        .context("cannot set SO_REUSEADDR")?;
    if reuse_port {
        socket
            .set_reuse_port(true)
            .context("cannot set SO_REUSEPORT")?;
    }
    socket
        .set_tcp_nodelay(true)
        .context("cannot set TCP_NODELAY")?;
    socket
        .set_nonblocking(true)
        .context("cannot make the socket non-blocking")?;
    let occupied = || {
        format!(
            "cannot listen on {address}; when the port is taken, end the process that holds it \
             (`ss -ltnp`) or choose another with --listen"
        )
    };
    socket.bind(&address.into()).with_context(occupied)?;
    socket.listen(BACKLOG).with_context(occupied)?;
    Ok(socket)
}

/// A listener for each worker, all on one address.
#[derive(Debug)]
pub struct Listeners {
    /// In the order of the workers.
    pub sockets: Vec<Socket>,
    /// The address they share, with the port that the kernel gave when 0 was asked for.
    pub address: SocketAddr,
    /// What is in effect: never [`Balance::Auto`].
    pub balance: Balance,
}

impl Listeners {
    /// Makes `count` listeners, see [`listener`], and has the kernel share connections out among
    /// them as `balance` says. With [`Balance::Auto`] a refusal is told on standard error.
    ///
    /// # Errors
    /// When a socket cannot be made or bound, or the kernel refuses [`Balance::Turns`].
    pub fn bind(address: SocketAddr, count: usize, balance: Balance) -> Result<Self> {
        let first = listener(address, true)?;
        let address = first.local_addr()?.as_socket().unwrap_or(address);
        let mut sockets = vec![first];
        while sockets.len() < count {
            sockets.push(listener(address, true)?);
        }
        let balance = match balance {
            Balance::Hash => Balance::Hash,
            Balance::Turns => take_turns(&sockets).map(|()| Balance::Turns)?,
            Balance::Auto => match take_turns(&sockets) {
                Ok(()) => Balance::Turns,
                Err(refusal) => {
                    eprintln!("falling back to --balance hash: {refusal:#}");
                    Balance::Hash
                }
            },
        };
        Ok(Self {
            sockets,
            address,
            balance,
        })
    }
}

/// Raises the soft limit of open files to the hard one, and returns it.
///
/// # Errors
/// When the limit cannot be read or set.
pub fn raise_open_file_limit() -> Result<u64> {
    let (_, hard) =
        getrlimit(Resource::RLIMIT_NOFILE).context("cannot read the limit of open files")?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
        .context("cannot raise the limit of open files")?;
    Ok(hard)
}
