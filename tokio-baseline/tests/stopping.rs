//! The server ends cleanly, whatever its connections do.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use common::{ARMS, GET, HELLO, ask, connect, start, sum};

#[test]
fn idle_connections_are_closed() {
    for args in ARMS {
        let server = start(args);
        let mut clients = [(); 50].map(|()| connect(server.start.address));
        clients.iter_mut().for_each(ask);
        let (status, last) = server.stop().unwrap();
        assert!(status.success(), "{args:?}: {status}");
        assert_eq!(sum(&last, |worker| worker.closes), 50, "{args:?}: {last:?}");
        for mut client in clients {
            assert_eq!(client.read(&mut [0]).unwrap(), 0, "{args:?}");
        }
    }
}

#[test]
fn no_connection_is_accepted_afterwards() {
    let server = start(ARMS[2]);
    let address = server.start.address;
    server.stop().unwrap();
    TcpStream::connect(address).unwrap_err();
}

#[test]
fn a_busy_server_stops_between_answers() {
    for args in ARMS {
        let server = start(args);
        let clients: Vec<_> = (0..10)
            .map(|_| {
                let mut client = connect(server.start.address);
                ask(&mut client);
                thread::spawn(move || answers_until_the_end(&mut client))
            })
            .collect();
        let (status, last) = server.stop().unwrap();
        assert!(status.success(), "{args:?}: {status}");
        let answered: u64 = clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .sum();
        // The server counts an answer when it is written; the client may not have got the last.
        let counted = sum(&last, |worker| worker.requests) - 10;
        assert!(
            (answered..=answered + 10).contains(&counted),
            "{answered}: {last:?}"
        );
    }
}

/// Asks as long as the server answers; no answer may be cut off.
fn answers_until_the_end(client: &mut TcpStream) -> u64 {
    let mut answers = 0;
    loop {
        let mut answer = Vec::new();
        let asked = client.write_all(GET);
        let mut limited = client.take(HELLO.len() as u64);
        if asked.is_err() || limited.read_to_end(&mut answer).is_err() || answer.is_empty() {
            return answers;
        }
        assert_eq!(answer, HELLO);
        answers += 1;
    }
}

#[test]
fn a_client_that_takes_no_answers_does_not_hold_the_server_up() {
    for args in ARMS {
        let mut server = start(args);
        let mut client = connect(server.start.address);
        client.set_nonblocking(true).unwrap();
        // Until the buffers of both directions are full, because nobody reads the answers.
        let many = GET.repeat(1000);
        let (mut answered, mut looks_without_change) = (0, 0);
        while looks_without_change < 50 {
            let full = client.write_all(&many).is_err();
            let now = sum(&server.counters().unwrap(), |worker| worker.requests);
            looks_without_change = match full && now == answered {
                true => looks_without_change + 1,
                false => 0,
            };
            answered = now;
        }
        let (status, _) = server.stop().unwrap();
        assert!(status.success(), "{args:?}: {status}");
    }
}
