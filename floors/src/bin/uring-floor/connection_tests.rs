//! The state machine against a kernel that completes what it likes, in any order.

use proptest::prelude::*;

use super::*;

/// What is with the kernel, by the steps alone.
#[derive(Debug, Default)]
struct Kernel {
    receive: bool,
    send: Option<usize>,
    shutdown: bool,
    notifications: u32,
    sent: Vec<u8>,
    closed: bool,
}

/// Something that the peer, the kernel or the clock does.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Request(usize),
    RequestToClose,
    ReceiveEnds(bool),
    BuffersExhausted,
    Sent(usize),
    NoRoom,
    Notified,
    Reset,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (1..300_usize).prop_map(Happening::Request),
        1 => Just(Happening::RequestToClose),
        1 => any::<bool>().prop_map(Happening::ReceiveEnds),
        1 => Just(Happening::BuffersExhausted),
        6 => (1..20_000_usize).prop_map(Happening::Sent),
        1 => Just(Happening::NoRoom),
        2 => Just(Happening::Notified),
        1 => Just(Happening::Reset),
    ]
}

impl Kernel {
    fn steps(&mut self, connection: &mut Connection) {
        loop {
            match connection.next() {
                Step::Wait => return,
                Step::Receive => {
                    assert!(!std::mem::replace(&mut self.receive, true), "two receives")
                }
                Step::Send => {
                    assert!(self.send.is_none() && !self.shutdown, "two sends");
                    self.send = Some(connection.outbox.unsent().len());
                }
                Step::Shutdown => {
                    assert!(self.send.is_none() && !self.shutdown, "shut while sending");
                    self.shutdown = true;
                    connection.drain(0);
                }
                Step::CancelReceive => {
                    assert!(self.receive, "nothing to cancel");
                    self.receive = false;
                    connection.receive_ended();
                }
                Step::Close => {
                    assert!(
                        !self.receive
                            && self.send.is_none()
                            && !self.shutdown
                            && self.notifications == 0,
                        "closed with something in flight: {self:?}"
                    );
                    assert!(!std::mem::replace(&mut self.closed, true), "closed twice");
                }
            }
        }
    }

    fn happen(&mut self, what: Happening, connection: &mut Connection) -> u32 {
        let mut requests = 0;
        match what {
            Happening::Request(count) if self.receive => {
                requests = connection.input(&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(count));
            }
            Happening::RequestToClose if self.receive => {
                requests = connection.input(b"GET / HTTP/1.0\r\n\r\n");
            }
            Happening::ReceiveEnds(by_peer) if self.receive => {
                self.receive = false;
                connection.receive_ended();
                if by_peer {
                    connection.peer_ended();
                }
            }
            Happening::BuffersExhausted if self.receive => {
                self.receive = false;
                connection.receive_ended();
            }
            Happening::Sent(bytes) => self.complete_send(bytes, connection),
            Happening::NoRoom if self.send.is_some() => {
                self.send = None;
                connection.send_again();
            }
            Happening::Notified if self.notifications > 0 => {
                self.notifications -= 1;
                connection.notified();
            }
            Happening::Reset if self.receive => {
                self.receive = false;
                connection.receive_ended();
                connection.fail();
            }
            _ => {}
        }
        self.steps(connection);
        requests
    }

    fn complete_send(&mut self, bytes: usize, connection: &mut Connection) {
        if let Some(length) = self.send.take() {
            let bytes = bytes.min(length);
            self.sent
                .extend_from_slice(&connection.outbox.unsent()[..bytes]);
            if bytes % 2 == 0 {
                self.notifications += 1;
                connection.notification_due();
            }
            connection.sent(bytes);
        } else if std::mem::take(&mut self.shutdown) {
            connection.send_ended();
        }
    }
}

proptest! {
    #[test]
    fn whatever_completes_the_connection_is_served_in_order_and_closed_once(
        happenings in prop::collection::vec(happening(), 1..60)
    ) {
        let mut connection = Connection::default();
        connection.open(Mode::Parse, 0);
        let mut kernel = Kernel::default();
        kernel.steps(&mut connection);
        let mut requests = 0;
        for &what in &happenings {
            if kernel.closed {
                break;
            }
            requests += kernel.happen(what, &mut connection);
        }
        let broken = happenings.iter().any(|what| matches!(what, Happening::Reset));
        // The peer ends, and reads and lets go of everything.
        for _ in 0..10_000 {
            if kernel.closed {
                break;
            }
            for what in [
                Happening::Sent(usize::MAX),
                Happening::Notified,
                Happening::ReceiveEnds(true),
            ] {
                if !kernel.closed {
                    requests += kernel.happen(what, &mut connection);
                }
            }
            if !kernel.closed && matches!(connection.phase, Phase::Draining { .. }) {
                connection.overdue(0);
                kernel.steps(&mut connection);
            }
        }
        prop_assert!(kernel.closed && !connection.is_open(), "it is closed in the end: {kernel:?}");
        let answers = kernel.sent.windows(15).filter(|bytes| bytes == b"HTTP/1.1 200 OK").count();
        prop_assert!(answers <= requests as usize);
        if !broken {
            prop_assert_eq!(answers, requests as usize, "every request is answered");
        }
    }
}

#[test]
fn an_unconfirmed_send_holds_back_what_follows_until_it_is_confirmed() {
    let mut connection = Connection::default();
    connection.open(Mode::Parse, 0);
    assert_eq!(connection.next(), Step::Receive);
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    connection.input(request);
    assert_eq!(connection.next(), Step::Send);
    assert!(connection.may_send_unconfirmed());
    connection.send_unconfirmed(1);
    connection.input(request);
    assert_eq!(connection.next(), Step::Wait);
    assert!(connection.needs_confirmation());
    connection.confirm(0);
    assert_eq!(
        connection.next(),
        Step::Wait,
        "another send's confirmation is none"
    );
    connection.confirm(1);
    assert_eq!(connection.next(), Step::Send);
    connection.send_unconfirmed(2);
    // It was partial: the rest goes in the patient way, and a late confirmation changes nothing.
    connection.sent(10);
    assert_eq!(connection.next(), Step::Send);
    assert!(!connection.may_send_unconfirmed());
    connection.confirm(2);
    assert_eq!(connection.next(), Step::Wait);
    assert_eq!(
        connection.outbox.unsent().len(),
        hello_http::HELLO.len() - 10
    );
}

#[test]
fn a_peer_that_does_not_read_is_not_read_from_until_it_does() {
    let mut connection = Connection::default();
    connection.open(Mode::Parse, 0);
    let mut kernel = Kernel::default();
    kernel.steps(&mut connection);
    for _ in 0..100 {
        kernel.happen(Happening::Request(300), &mut connection);
    }
    assert!(!kernel.receive);
    let held = connection.outbox.waiting();
    assert!(
        held <= BACKLOG_BYTES + 300 * hello_http::HELLO.len(),
        "{held} bytes"
    );
    kernel.happen(Happening::Sent(usize::MAX), &mut connection);
    kernel.happen(Happening::Sent(usize::MAX), &mut connection);
    assert!(kernel.receive);
}
