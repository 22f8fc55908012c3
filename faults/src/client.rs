//! A connection that counts what it sends and gets.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use hello_http::HELLO;
use socket2::{Domain, SockRef, Socket, Type};

use crate::figures::Figures;

pub(crate) const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// After this an answer is taken for lost.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Answer,
    Refusal,
}

#[derive(Debug)]
pub(crate) struct Client(pub(crate) TcpStream);

impl Client {
    pub(crate) fn connect(server: SocketAddr, figures: &mut Figures) -> Result<Self> {
        Self::of(TcpStream::connect(server), figures)
    }

    /// From the loopback address 127.0.HOST, since each has ports of its own: those of connections
    /// just closed are not free at once.
    pub(crate) fn connect_from(
        host: [u8; 2],
        server: SocketAddr,
        figures: &mut Figures,
    ) -> Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        let own = SocketAddr::from(([127, 0, host[0], host[1]], 0));
        socket.bind(&own.into())?;
        let connected = socket.connect(&server.into());
        Self::of(connected.map(|()| socket.into()), figures)
    }

    /// With the least room for answers that the kernel gives.
    pub(crate) fn connect_narrow(server: SocketAddr, figures: &mut Figures) -> Result<Self> {
        let socket = Socket::new(Domain::for_address(server), Type::STREAM, None)?;
        socket.set_recv_buffer_size(1)?;
        socket.set_send_buffer_size(1)?;
        let connected = socket.connect(&server.into());
        Self::of(connected.map(|()| socket.into()), figures)
    }

    fn of(connected: std::io::Result<TcpStream>, figures: &mut Figures) -> Result<Self> {
        let stream = connected.context("the server takes no connection")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        figures.connections += 1;
        Ok(Self(stream))
    }

    pub(crate) fn send(&mut self, figures: &mut Figures) {
        self.send_part(REQUEST, figures);
    }

    /// Sends what is a request or the beginning of one. That the server has ended the connection
    /// shows when the answer is read.
    pub(crate) fn send_part(&mut self, bytes: &[u8], figures: &mut Figures) {
        figures.sent += 1;
        _ = self.0.write_all(bytes);
    }

    /// Takes what comes of the oldest request that is not settled.
    pub(crate) fn receive(&mut self, figures: &mut Figures) -> Result<Reply> {
        let mut answer = [0; HELLO.len()];
        let mut filled = 0;
        while filled < answer.len() {
            match self.0.read(&mut answer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if is_end(error.kind()) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => bail!("an answer was lost: {error}"),
            }
        }
        if filled == 0 {
            figures.refused += 1;
            return Ok(Reply::Refusal);
        }
        ensure!(
            answer == HELLO,
            "an answer is cut short or wrong: {:?}",
            String::from_utf8_lossy(&answer[..filled])
        );
        figures.answered += 1;
        Ok(Reply::Answer)
    }

    /// A request that must be answered.
    pub(crate) fn ask(&mut self, figures: &mut Figures) -> Result<()> {
        self.send(figures);
        let reply = self.receive(figures)?;
        ensure!(reply == Reply::Answer, "a request was refused");
        Ok(())
    }

    /// Ends the connection by a reset.
    pub(crate) fn reset(self) -> Result<()> {
        SockRef::from(&self.0).set_linger(Some(Duration::ZERO))?;
        Ok(())
    }

    /// Ends it in order, and waits until the server has too.
    pub(crate) fn close(mut self) -> Result<()> {
        self.0.shutdown(Shutdown::Write)?;
        let rest = self.0.read(&mut [0; 64])?;
        ensure!(rest == 0, "{rest} bytes that nobody asked for");
        Ok(())
    }
}

pub(crate) fn is_end(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe
    )
}
