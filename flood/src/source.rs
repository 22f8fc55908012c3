//! Sockets to connect: where from, and with which options.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Result, ensure};
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use crate::args::Settings;

/// Makes sockets, from each of its addresses in turn.
#[derive(Debug)]
pub(crate) struct Source {
    server: SocketAddr,
    addresses: u8,
    next: u8,
}

impl Source {
    /// As the settings say.
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            server: settings.address,
            addresses: settings.sources,
            next: 0,
        }
    }

    /// A socket that is not connected yet.
    pub(crate) fn socket(&mut self) -> io::Result<Socket> {
        let domain = Domain::for_address(self.server);
        let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_tcp_nodelay(true)?;
        if self.addresses > 1 {
            // Without this the port is chosen now, among those that no other connection has at all.
            setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)?;
            let address = Ipv4Addr::new(127, 0, 0, 1 + self.next);
            socket.bind(&SocketAddr::new(address.into(), 0).into())?;
            self.next = (self.next + 1) % self.addresses;
        }
        Ok(socket)
    }
}

/// Refuses several addresses where there is one.
///
/// # Errors
/// When the server is not on loopback.
pub(crate) fn check(settings: &Settings) -> Result<()> {
    let loopback = matches!(settings.address.ip(), IpAddr::V4(address) if address.is_loopback());
    ensure!(
        settings.sources == 1 || loopback,
        "--sources {} needs a server on 127.0.0.0/8, all of which is this machine's; {} is not",
        settings.sources,
        settings.address.ip()
    );
    Ok(())
}
