//! The connections: opened before the window, and looked at after it.

use std::io::{self, ErrorKind};
use std::net::TcpStream;

use anyhow::{Context, Result, ensure};

use crate::answer;
use crate::args::Settings;
use crate::batch::{Expectation, Expected};
use crate::ring::Requests;
use crate::source::Source;
use crate::stop::Stop;

/// Files that are open beside the connections: standard streams, pipes, a ring a thread.
const SLACK: u64 = 64;

/// The open connections.
#[derive(Debug)]
pub(crate) struct Connections {
    /// Those on which nothing is sent.
    pub(crate) idle: Vec<TcpStream>,
    /// Those that send.
    pub(crate) active: Vec<TcpStream>,
    /// How many could not be opened.
    pub(crate) failed: u64,
}

/// The bytes of one request, as wrk sends them.
fn request(settings: &Settings) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", settings.address).into_bytes()
}

/// The last request on a connection that does not stay.
fn last_request(settings: &Settings) -> Vec<u8> {
    let address = settings.address;
    format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").into_bytes()
}

/// What the connections send.
pub(crate) fn requests(settings: &Settings) -> Requests {
    Requests {
        usual: request(settings).repeat(settings.pipeline),
        last: last_request(settings),
    }
}

/// Makes room for all of them.
///
/// # Errors
/// When the limit of open files is too low.
pub(crate) fn make_room(settings: &Settings) -> Result<()> {
    let connections = settings.connections + settings.idle;
    let needed = connections as u64 + settings.threads as u64 + SLACK;
    let limit = server_kit::raise_open_file_limit()?;
    ensure!(
        limit >= needed,
        "{connections} connections need {needed} open files, and this process is allowed {limit}; raise the hard \
         limit: `ulimit -Hn {needed}` as root"
    );
    Ok(())
}

/// Opens all of them, the idle ones first.
///
/// # Errors
/// When not even the first can be opened.
pub(crate) fn open(settings: &Settings, stop: &Stop) -> Result<Connections> {
    let mut connections = Connections {
        idle: Vec::with_capacity(settings.idle),
        active: Vec::with_capacity(settings.connections),
        failed: 0,
    };
    let all = settings.idle + settings.connections;
    let mut source = Source::new(settings);
    for number in 0..all {
        if stop.is_asked() {
            break;
        }
        match connect(settings, &mut source) {
            Ok(stream) if number < settings.idle => connections.idle.push(stream),
            Ok(stream) => connections.active.push(stream),
            Err(error) if number == 0 => {
                let address = settings.address;
                return Err(error).with_context(|| {
                    format!("cannot connect to {address}; is a server listening there?")
                });
            }
            Err(_) => connections.failed += 1,
        }
    }
    Ok(connections)
}

fn connect(settings: &Settings, source: &mut Source) -> io::Result<TcpStream> {
    let socket = source.socket()?;
    socket.connect_timeout(&settings.address.into(), settings.timeout)?;
    Ok(socket.into())
}

/// The answer to one request.
fn ask(stream: &mut TcpStream, settings: &Settings, request: &[u8]) -> Result<Vec<u8>> {
    stream.set_read_timeout(Some(settings.timeout))?;
    stream.set_write_timeout(Some(settings.timeout))?;
    let answer = answer::first(stream, request)?;
    stream.set_read_timeout(None)?;
    stream.set_write_timeout(None)?;
    Ok(answer)
}

impl Connections {
    /// What the server answers. The usual answer is asked for on the first active connection, that to
    /// the last request on a connection of its own.
    ///
    /// # Errors
    /// When it does not answer, or with what cannot be counted.
    pub(crate) fn expectation(&mut self, settings: &Settings) -> Result<Expectation> {
        let usual = self.first_answer(settings)?;
        let usual = Expected::new(&usual, settings.pipeline);
        let last = match settings.requests_per_connection {
            None => usual.clone(),
            Some(_) => {
                let mut stream = connect(settings, &mut Source::new(settings))
                    .context("cannot open another connection")?;
                let answer = ask(&mut stream, settings, &last_request(settings))?;
                Expected::new(&answer, 1)
            }
        };
        Ok(Expectation { usual, last })
    }

    fn first_answer(&mut self, settings: &Settings) -> Result<Vec<u8>> {
        let stream = self.active.first_mut();
        let stream = stream.context("no connection could be opened after the idle ones")?;
        ask(stream, settings, &request(settings))
    }

    /// How many idle connections are no longer as they were: closed by the server, or sent something.
    pub(crate) fn broken_idle(&self) -> u64 {
        let intact = |stream: &TcpStream| {
            let peeked = stream
                .set_nonblocking(true)
                .and_then(|()| stream.peek(&mut [0]));
            peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
        };
        self.idle.iter().filter(|stream| !intact(stream)).count() as u64
    }

    /// The active ones, spread evenly over `threads`, the first ones getting what remains.
    pub(crate) fn shares(&mut self, threads: usize) -> Vec<Vec<TcpStream>> {
        let all = std::mem::take(&mut self.active);
        let count = all.len();
        let mut streams = all.into_iter();
        (0..threads)
            .map(|thread| count / threads + usize::from(thread < count % threads))
            .map(|share| streams.by_ref().take(share).collect())
            .collect()
    }
}
