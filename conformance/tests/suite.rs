//! The suite passes a right server and fails each wrong one in the right case.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use conformance::{Failure, Outcome, cases, check_hello, check_hello_body, run_all};
use hello_http::{Connection, HELLO, MAX_HEAD_BYTES, Mode};

/// What the test server does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    DoesNotParse,
    WrongBody,
    AnswersTwice,
    /// Answers at the first byte, and not again when the request is complete.
    AnswersEarly,
    /// Loses what comes after the first request of a read.
    IgnoresPipelining,
    SendsBodyToHead,
    StaysOpen,
    ClosesWithoutAnswer,
    ForgetsHalfClosed,
    ClosesAfterEachAnswer,
    /// Keeps its answers until the client has sent all.
    KeepsUnread,
    /// Loses what does not fit into the socket at once.
    WritesOnce,
    /// Its answers have a field more, as those of other servers do.
    NamesItself,
}

/// Starts a server that lives as long as the test's process.
fn start(fault: Fault) -> SocketAddr {
    let listener = listen().expect("a free port of the loopback address");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let serve = move || serve(stream?, fault);
            let thread = thread::Builder::new().stack_size(1 << 16).spawn(serve);
            thread.expect("a thread for each of 2000 connections");
        }
    });
    address
}

fn listen() -> anyhow::Result<TcpListener> {
    server_kit::raise_open_file_limit()?;
    let socket = server_kit::listener(SocketAddr::from(([127, 0, 0, 1], 0)), false)?;
    socket.set_nonblocking(false)?;
    Ok(socket.into())
}

fn serve(mut stream: TcpStream, fault: Fault) -> io::Result<()> {
    let mut buffer = [0; MAX_HEAD_BYTES];
    let mut connection = Connection::new(match fault {
        Fault::DoesNotParse => Mode::AnswerEveryRead,
        _ => Mode::Parse,
    });
    let mut unread = Vec::new();
    let mut early = fault == Fault::AnswersEarly;
    if early {
        stream.read_exact(&mut buffer[..1])?;
        connection.feed(&buffer[..1]);
        stream.write_all(HELLO)?;
    }
    loop {
        let mut count = stream.read(&mut buffer)?;
        if count == 0 {
            return stream.write_all(&unread);
        }
        if fault == Fault::IgnoresPipelining {
            let end = buffer[..count]
                .windows(4)
                .position(|part| part == b"\r\n\r\n");
            count = end.map_or(count, |end| end + 4);
        }
        if fault == Fault::ForgetsHalfClosed && ends_soon(&stream)? {
            return Ok(());
        }
        let batch = connection.feed(&buffer[..count]);
        if early {
            early = batch.requests == 0;
            continue;
        }
        match fault {
            Fault::KeepsUnread => unread.extend_from_slice(&batch.bytes),
            Fault::WritesOnce => {
                stream.set_nonblocking(true)?;
                _ = stream.write(&batch.bytes);
                stream.set_nonblocking(false)?;
            }
            _ => stream.write_all(&spoilt(&batch.bytes, fault))?,
        }
        if fault == Fault::StaysOpen {
            continue;
        }
        if batch.close || (fault == Fault::ClosesAfterEachAnswer && batch.requests > 0) {
            stream.shutdown(Shutdown::Write)?;
            // What the client still sends must not turn the answer into a reset.
            io::copy(&mut stream, &mut io::sink())?;
            return Ok(());
        }
    }
}

fn spoilt(bytes: &[u8], fault: Fault) -> Cow<'_, [u8]> {
    let text = || String::from_utf8_lossy(bytes);
    match fault {
        Fault::WrongBody => text().replace("World!", "world!").into_bytes().into(),
        Fault::NamesItself => text()
            .replace("Content-", "Server: other\r\nContent-")
            .into_bytes()
            .into(),
        Fault::AnswersTwice => bytes.repeat(2).into(),
        Fault::SendsBodyToHead if bytes.ends_with(b"\r\n\r\n") => {
            [bytes, b"Hello, World!"].concat().into()
        }
        Fault::ClosesWithoutAnswer if text().contains("400 Bad") => Cow::Borrowed(b""),
        _ => Cow::Borrowed(bytes),
    }
}

/// Whether the client shuts its side down before it sends more.
fn ends_soon(stream: &TcpStream) -> io::Result<bool> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    Ok(stream.peek(&mut [0])? == 0)
}

#[track_caller]
fn failure(fault: Fault, case: &str) -> Failure {
    let server = start(fault);
    let case = cases().iter().find(|known| known.name == case);
    let case = case.expect("the name of a case");
    case.run(server).expect_err("the wrong server passed")
}

#[test]
fn a_right_server_passes_every_case() {
    for (case, outcome) in run_all(start(Fault::Nothing), |_| true) {
        assert!(
            matches!(outcome, Outcome::Passed),
            "{}: {outcome:?}",
            case.name
        );
    }
}

#[test]
fn a_server_that_does_not_parse_passes_what_applies() {
    for (case, outcome) in run_all(start(Fault::DoesNotParse), |case| !case.needs_parsing) {
        match outcome {
            Outcome::Passed => assert!(!case.needs_parsing, "{}", case.name),
            Outcome::NotApplicable => assert!(case.needs_parsing, "{}", case.name),
            Outcome::Failed(failure) => panic!("{}: {failure}", case.name),
        }
    }
}

#[test]
fn a_server_that_does_not_parse_fails_where_reads_are_not_requests() {
    let server = start(Fault::DoesNotParse);
    let runs: Vec<_> = cases()
        .iter()
        .filter(|case| case.needs_parsing)
        .map(|case| (case.name, thread::spawn(move || case.run(server))))
        .collect();
    for (name, run) in runs {
        assert!(run.join().unwrap().is_err(), "{name} passed");
    }
}

#[test]
fn a_wrong_body_is_shown() {
    let message = failure(Fault::WrongBody, "one-request").to_string();
    assert!(message.contains(r"GET / HTTP/1.1\r\n"), "{message}");
    assert!(message.contains("Hello, World!"), "{message}");
    assert!(message.contains("Hello, world!"), "{message}");
    check_hello(start(Fault::WrongBody), None).unwrap_err();
}

#[test]
fn another_head_is_found_unless_only_status_and_body_are_asked_for() {
    let other = start(Fault::NamesItself);
    check_hello(other, None).unwrap_err();
    let more = "Server: other\r\n".len();
    assert_eq!(check_hello_body(other, None).unwrap(), HELLO.len() + more);
    let same = start(Fault::Nothing);
    assert_eq!(check_hello_body(same, None).unwrap(), HELLO.len());
    assert_eq!(check_hello(same, None).unwrap(), HELLO.len());
    let failure = check_hello_body(start(Fault::WrongBody), None).unwrap_err();
    assert!(failure.to_string().contains("Hello, world!"), "{failure}");
}

#[test]
fn an_answer_given_twice_is_found() {
    failure(Fault::AnswersTwice, "one-request");
    failure(Fault::AnswersTwice, "half-closed-client");
    failure(Fault::AnswersTwice, "malformed-400");
}

#[test]
fn an_answer_given_early_is_found() {
    let message = failure(Fault::AnswersEarly, "byte-at-a-time").to_string();
    assert!(message.contains("silence"), "{message}");
}

#[test]
fn a_missing_answer_is_found() {
    failure(Fault::IgnoresPipelining, "pipelined-1000");
    failure(Fault::ClosesWithoutAnswer, "malformed-400");
    failure(Fault::ForgetsHalfClosed, "half-closed-client");
}

#[test]
fn a_server_that_reads_on_while_its_answers_are_not_read_is_found() {
    failure(Fault::KeepsUnread, "flood-unread");
}

#[test]
fn answers_that_are_written_in_part_are_found() {
    failure(Fault::WritesOnce, "byte-by-byte-reader");
}

#[test]
fn a_body_after_head_is_found() {
    failure(Fault::SendsBodyToHead, "head-method");
}

#[test]
fn a_missing_close_is_found() {
    let failures = [
        "connection-close",
        "http-1.0",
        "malformed-400",
        "head-too-large-431",
    ]
    .map(|case| thread::spawn(move || failure(Fault::StaysOpen, case).to_string()));
    for failure in failures {
        let message = failure.join().unwrap();
        assert!(message.contains("the end of the connection"), "{message}");
    }
}

#[test]
fn connections_that_do_not_stay_open_are_found() {
    failure(Fault::ClosesAfterEachAnswer, "connections-2000");
}

#[test]
fn a_close_that_waits_for_others_is_found() {
    failure(Fault::ForgetsHalfClosed, "close-while-another-waits");
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let free = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .unwrap();
    let message = check_hello(free, None).unwrap_err().to_string();
    assert!(message.contains(&free.to_string()), "{message}");
    assert!(
        message.contains("is a server listening there?"),
        "{message}"
    );
}
