//! What `hello-http` answers depends on the bytes alone, never on where reads split them; its answers
//! are whole, and as many as it says.
#![no_main]

use hello_http::{Connection, HELLO, Mode};
use libfuzzer_sys::fuzz_target;

/// All that a connection answered.
#[derive(Debug, Default, PartialEq, Eq)]
struct Total {
    bytes: Vec<u8>,
    requests: u32,
    close: bool,
}

fn total<'a>(reads: impl IntoIterator<Item = &'a [u8]>) -> Total {
    let mut connection = Connection::new(Mode::Parse);
    let mut total = Total::default();
    for read in reads {
        let batch = connection.feed(read);
        assert!(
            !total.close || (batch.close && batch.bytes.is_empty() && batch.requests == 0),
            "something came after the close"
        );
        total.bytes.extend_from_slice(&batch.bytes);
        total.requests += batch.requests;
        total.close = batch.close;
    }
    total
}

/// Cuts at distances that the input chooses, so that the fuzzer can move them.
fn cut(input: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = input;
    for distance in input.iter().rev().map(|byte| usize::from(byte % 29)) {
        if distance >= rest.len() {
            break;
        }
        let (piece, after) = rest.split_at(distance);
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// How many answers 200 there are; the answers must be whole, and nothing may follow a refusal.
fn count_answers(total: &Total) -> u32 {
    let mut count = 0;
    let mut rest = total.bytes.as_slice();
    while !rest.is_empty() {
        let end = rest.windows(4).position(|part| part == b"\r\n\r\n");
        let (head, after) = rest.split_at(end.expect("a head that ends") + 4);
        let status = head.get(9..12).expect("a status");
        rest = match status {
            b"100" => after,
            b"200" => {
                count += 1;
                let body = &HELLO[HELLO.len() - 13..];
                // HEAD has no body: then another answer follows, or nothing.
                after.strip_prefix(body).unwrap_or(after)
            }
            b"400" | b"431" | b"501" => {
                assert!(after.is_empty() && total.close, "an answer after a refusal");
                after
            }
            _ => panic!("an answer that there is not: {}", head.escape_ascii()),
        };
    }
    count
}

fuzz_target!(|input: &[u8]| {
    let whole = total([input]);
    assert_eq!(total(input.chunks(1)), whole, "a byte at a time");
    assert_eq!(total(cut(input)), whole, "in pieces");
    assert_eq!(count_answers(&whole), whole.requests);
});
