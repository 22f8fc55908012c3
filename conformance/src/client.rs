//! One connection to the server, with a memory of what was sent.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::failure::{Failure, excerpt};

/// How long a server may stay silent before a case fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a premature answer has to show itself. A correct server never fails for this being
/// short or long; a wrong one may pass when it is too short.
const PREMATURE: Duration = Duration::from_millis(50);

/// How long a server must not take a byte to count as one that takes no more. A correct server never
/// fails for this being short; a wrong one may pass.
const FULL: Duration = Duration::from_millis(300);

/// Small enough that answers soon wait in the server: the buffers of the client, and the most that one
/// segment brings, by which the kernel measures the server's.
const SMALL_BUFFER_BYTES: usize = 4096;
const SMALL_SEGMENT_BYTES: u32 = 536;

/// A client of the server.
pub(crate) struct Client {
    stream: TcpStream,
    sent: Vec<u8>,
}

/// How the bytes from the server stopped.
enum End {
    /// As many came as were asked for.
    Enough,
    Closed,
    Silent,
    Failed(io::Error),
}

impl Client {
    pub(crate) fn connect(server: SocketAddr) -> Result<Self, Failure> {
        Self::open(server, TcpStream::connect_timeout(&server, PATIENCE))
    }

    /// A client that soon has no room for answers that it does not read.
    pub(crate) fn connect_with_small_buffers(server: SocketAddr) -> Result<Self, Failure> {
        let connect = || {
            let socket = Socket::new(Domain::for_address(server), Type::STREAM, None)?;
            socket.set_recv_buffer_size(SMALL_BUFFER_BYTES)?;
            socket.set_send_buffer_size(SMALL_BUFFER_BYTES)?;
            socket.set_tcp_mss(SMALL_SEGMENT_BYTES)?;
            socket.connect_timeout(&server.into(), PATIENCE)?;
            Ok(socket.into())
        };
        Self::open(server, connect())
    }

    fn open(server: SocketAddr, connected: io::Result<TcpStream>) -> Result<Self, Failure> {
        let ready = connected.and_then(|stream| {
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Ok(stream)
        });
        match ready {
            Ok(stream) => Ok(Self {
                stream,
                sent: Vec::new(),
            }),
            Err(source) => Err(Failure::Connect { server, source }),
        }
    }

    /// Sends bytes too few to fill the socket's buffers. That the server has closed already is
    /// no failure here: its answer tells more.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.sent.extend_from_slice(bytes);
        let _ = self.stream.write_all(bytes);
    }

    /// Sends until the server takes no more; how many bytes it took. Fails when it takes all.
    pub(crate) fn send_until_full(&mut self, bytes: &[u8]) -> Result<usize, Failure> {
        let _ = self.stream.set_write_timeout(Some(FULL));
        let mut sent = 0;
        let stopped = loop {
            match self.stream.write(&bytes[sent..]) {
                Ok(0) => break true,
                Ok(count) => sent += count,
                Err(error) => break is_timeout(&error),
            }
            if sent == bytes.len() {
                break false;
            }
        };
        let _ = self.stream.set_write_timeout(Some(PATIENCE));
        self.sent.extend_from_slice(&bytes[..sent]);
        if stopped {
            return Ok(sent);
        }
        let expected = "that the server stops reading while its answers are not read".to_owned();
        Err(self.failure(expected, &[], &End::Enough))
    }

    /// Tells the server that no more requests come.
    pub(crate) fn finish_sending(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Reads exactly the bytes of `expected`.
    pub(crate) fn receive(&self, expected: &[u8]) -> Result<(), Failure> {
        let mut got = Vec::new();
        let end = self.read_into(&mut got, expected.len());
        if got == expected {
            return Ok(());
        }
        Err(self.failure(excerpt(expected), &got, &end))
    }

    /// Reads until the server closes. A reset is as good: what came before it has been read.
    pub(crate) fn receive_all(&self) -> Result<Vec<u8>, Failure> {
        let mut got = Vec::new();
        match self.read_into(&mut got, 1 << 20) {
            End::Closed => Ok(got),
            End::Failed(error) if error.kind() == ErrorKind::ConnectionReset => Ok(got),
            end => Err(self.failure("the end of the connection".to_owned(), &got, &end)),
        }
    }

    /// Reads one answer with a status and a body, whatever else is in its head, which must tell the
    /// body's length. Returns how many bytes the answer had.
    pub(crate) fn receive_like(&self, status: u16, body: &[u8]) -> Result<usize, Failure> {
        let mut got = Vec::new();
        let mut end = End::Enough;
        while matches!(end, End::Enough) && !got.ends_with(b"\r\n\r\n") && got.len() < 1 << 16 {
            end = self.read_into(&mut got, 1);
        }
        let head_bytes = got.len();
        let head = String::from_utf8_lossy(&got).to_ascii_lowercase();
        let length = format!("content-length: {}", body.len());
        if head.lines().any(|line| line == length) {
            end = self.read_into(&mut got, body.len());
        }
        if head.starts_with(&format!("http/1.1 {status} ")) && got[head_bytes..] == *body {
            return Ok(got.len());
        }
        let expected = format!(
            "status {status} and, with a Content-Length, {}",
            excerpt(body)
        );
        Err(self.failure(expected, &got, &end))
    }

    /// Sends many bytes while the answers are read, so that neither side waits for the other.
    pub(crate) fn exchange(&mut self, bytes: &[u8], expected: &[u8]) -> Result<(), Failure> {
        self.while_sending(bytes, |client| client.receive(expected))
    }

    /// The same, reading one byte at a time.
    pub(crate) fn exchange_reading_bytes(
        &mut self,
        bytes: &[u8],
        expected: &[u8],
    ) -> Result<(), Failure> {
        self.while_sending(bytes, |client| {
            let mut got = Vec::with_capacity(expected.len());
            let mut end = End::Enough;
            while got.len() < expected.len() && matches!(end, End::Enough) {
                end = client.read_into(&mut got, 1);
            }
            if got == expected {
                return Ok(());
            }
            Err(client.failure(excerpt(expected), &got, &end))
        })
    }

    /// Checks that the server has not answered what is not yet complete.
    pub(crate) fn expect_silence(&self) -> Result<(), Failure> {
        let _ = self.stream.set_read_timeout(Some(PREMATURE));
        let mut byte = [0];
        let peeked = self.stream.peek(&mut byte);
        let _ = self.stream.set_read_timeout(Some(PATIENCE));
        match peeked {
            Err(error) if is_timeout(&error) => Ok(()),
            _ => {
                let mut got = Vec::new();
                let end = self.read_into(&mut got, 1024);
                let expected = "silence until the request is complete".to_owned();
                Err(self.failure(expected, &got, &end))
            }
        }
    }

    /// Checks that the server closes, without another byte.
    pub(crate) fn expect_close(&self) -> Result<(), Failure> {
        let mut got = Vec::new();
        match self.read_into(&mut got, 1024) {
            End::Closed if got.is_empty() => Ok(()),
            end => Err(self.failure("the end of the connection".to_owned(), &got, &end)),
        }
    }

    /// Checks that nothing but the end follows when the client has no more requests.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        self.finish_sending();
        self.expect_close()
    }

    /// Sends what must be refused: the server has to answer `accepted`, then one complete head
    /// with `status`, and close.
    pub(crate) fn expect_refusal(
        &mut self,
        bytes: &[u8],
        accepted: &[u8],
        status: u16,
    ) -> Result<(), Failure> {
        self.while_sending(bytes, |client| {
            let mut got = Vec::new();
            let end = client.read_into(&mut got, 1 << 16);
            let refusal = got.strip_prefix(accepted).unwrap_or_default();
            let occurrences = |part: &[u8]| {
                let windows = refusal.windows(part.len());
                windows.filter(|window| *window == part).count()
            };
            let complete = refusal.starts_with(format!("HTTP/1.1 {status} ").as_bytes())
                && occurrences(b"HTTP/1.1 ") == 1
                && occurrences(b"\r\n\r\n") > 0;
            let closed = match &end {
                End::Closed => true,
                // Once the answer is here, a reset for what the server did not read is as good.
                End::Failed(error) => error.kind() == ErrorKind::ConnectionReset,
                End::Enough | End::Silent => false,
            };
            if complete && closed {
                return Ok(());
            }
            let before = match accepted {
                [] => String::new(),
                _ => format!("{} and ", excerpt(accepted)),
            };
            let expected = format!("{before}status {status} and the end of the connection");
            Err(client.failure(expected, &got, &end))
        })
    }

    /// Runs `read` beside the sending. When it fails the connection is shut, which ends a
    /// sending that the server no longer reads.
    fn while_sending(
        &mut self,
        bytes: &[u8],
        read: impl FnOnce(&Self) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.sent.extend_from_slice(bytes);
        let client = &*self;
        thread::scope(|scope| {
            scope.spawn(|| {
                let _ = (&client.stream).write_all(bytes);
            });
            let result = read(client);
            if result.is_err() {
                let _ = client.stream.shutdown(Shutdown::Both);
            }
            result
        })
    }

    fn read_into(&self, got: &mut Vec<u8>, count: usize) -> End {
        let mut limited = (&self.stream).take(count as u64);
        match limited.read_to_end(got) {
            Ok(read) if read == count => End::Enough,
            Ok(_) => End::Closed,
            Err(error) if is_timeout(&error) => End::Silent,
            Err(error) => End::Failed(error),
        }
    }

    fn failure(&self, expected: String, got: &[u8], end: &End) -> Failure {
        let then = match end {
            End::Enough => String::new(),
            End::Closed => ", then the end of the connection".to_owned(),
            End::Silent => format!(", then silence for {} s", PATIENCE.as_secs()),
            End::Failed(error) => format!(", then an error: {error}"),
        };
        Failure::Answer {
            sent: excerpt(&self.sent),
            expected,
            got: excerpt(got) + &then,
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
