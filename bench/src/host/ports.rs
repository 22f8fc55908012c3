//! Free ports for servers.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::ops::Range;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

/// Below the ports that the kernel gives to clients, so that a client cannot hold the next one.
const RANGE: Range<u16> = 18_000..28_000;

/// How far apart those of one process begin.
const STEP: u32 = 1231;

static MADE: AtomicU32 = AtomicU32::new(0);

/// Gives out ports in turn: the connections of the server before rest a minute on its port.
#[derive(Debug)]
pub struct Ports {
    address: IpAddr,
    next: u16,
}

impl Ports {
    /// Ports of `address`. Where they begin depends on the process and on how many it has made, so that two
    /// at once seldom meet.
    pub fn new(address: IpAddr) -> Self {
        let span = u32::from(RANGE.end - RANGE.start);
        let made = MADE.fetch_add(1, Ordering::Relaxed) % span;
        let offset = (process::id() % 100 * (span / 100) + made * STEP) % span;
        let next = RANGE.start + u16::try_from(offset).unwrap_or(0);
        Self { address, next }
    }

    /// A port that is not for choice.
    pub fn fixed(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.address, port)
    }

    /// The next port that nobody listens on.
    ///
    /// # Errors
    /// When all are taken.
    pub fn free(&mut self) -> Result<SocketAddr> {
        for _ in RANGE {
            let candidate = SocketAddr::new(self.address, self.next);
            self.next = if self.next + 1 == RANGE.end {
                RANGE.start
            } else {
                self.next + 1
            };
            if TcpListener::bind(candidate).is_ok() {
                return Ok(candidate);
            }
        }
        None.with_context(|| {
            format!(
                "no port from {} to {} of {} can be listened on",
                RANGE.start,
                RANGE.end - 1,
                self.address
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_passed_over_and_none_is_given_twice_in_turn() {
        let mut ports = Ports::new("127.0.0.1".parse().unwrap());
        let first = ports.free().unwrap();
        let taken = ports.next;
        let holder = TcpListener::bind(SocketAddr::new(first.ip(), taken));
        let second = ports.free().unwrap();
        assert!(second.port() != first.port() && RANGE.contains(&second.port()));
        assert!(second.port() != taken || holder.is_err());
    }

    #[test]
    fn an_address_of_another_machine_is_an_error() {
        let mut ports = Ports::new("192.0.2.1".parse().unwrap());
        assert!(ports.free().unwrap_err().to_string().contains("192.0.2.1"));
    }
}
