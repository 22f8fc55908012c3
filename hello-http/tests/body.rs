//! Bodies of other lengths.
#![allow(clippy::unwrap_used, reason = "a test may")]

use hello_http::{Connection, HELLO, Mode};

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn answer(head: &str, body_bytes: usize) -> Vec<u8> {
    let body = "Hello, World!".repeat(body_bytes / 13 + 1);
    format!("{head}{}", &body[..body_bytes]).into_bytes()
}

#[test]
fn the_body_has_the_length_that_was_asked_for() {
    for bytes in [1usize, 12, 14, 1024, 65_536] {
        let mode = Mode::new(false, Some(u32::try_from(bytes).unwrap()));
        let plain = answer(
            &format!("HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\n\r\n"),
            bytes,
        );
        let feed = |input: &[u8]| Connection::new(mode).feed(input);
        assert_eq!(&*feed(GET).bytes, plain);
        // More than any block holds.
        let many = feed(&GET.repeat(300));
        assert_eq!((&*many.bytes, many.requests), (&*plain.repeat(300), 300));
        let close = feed(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\nConnection: close\r\n\r\n");
        assert_eq!((&*close.bytes, close.close), (&*answer(&head, bytes), true));
        let head_only = feed(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(&*head_only.bytes, &plain[..plain.len() - bytes]);
        let after = feed(&[GET, b"nonsense\r\n\r\n"].concat());
        assert!(after.bytes.starts_with(&plain) && after.close);
    }
}

#[test]
fn the_studys_own_length_is_the_studys_own_mode() {
    assert_eq!(Mode::new(false, None), Mode::Parse);
    assert_eq!(Mode::new(false, Some(13)), Mode::Parse);
    assert_eq!(Mode::new(true, Some(13)), Mode::AnswerEveryRead);
    assert_eq!(&*Connection::new(Mode::Parse).feed(GET).bytes, HELLO);
}

#[test]
fn every_read_is_answered_with_the_other_body_too() {
    let mut connection = Connection::new(Mode::new(true, Some(2)));
    let batch = connection.feed(b"anything");
    assert_eq!(
        &*batch.bytes,
        answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 2)
    );
    assert_eq!((batch.requests, batch.close), (1, false));
}
