//! Inputs: valid requests with one change each.

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Bytes to send, and what about them is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The part of the request that was changed, such as `target`.
    pub place: &'static str,
    /// How, such as `insert CR`, or the value that it has instead.
    pub change: String,
    /// The request, and a plain one after it.
    pub bytes: Vec<u8>,
}

/// A request as its parts, each with the name of its place.
type Parts = Vec<(&'static str, Vec<u8>)>;

/// What comes after each request: whether it is answered tells where the server saw the end.
const NEXT: &[u8] = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

/// Kinds of bytes, each with some of its kind.
const BYTES: [(&str, &[u8]); 10] = [
    ("NUL", b"\0"),
    ("a control character", b"\x01\x0b\x1f\x7f"),
    ("a tab", b"\t"),
    ("a space", b" "),
    ("CR", b"\r"),
    ("LF", b"\n"),
    ("a separator", b"\"(),/:;<=>?@[\\]{}"),
    ("another sign", b"!#$%&'*+-.^_`|~"),
    ("a letter or digit", b"0129aFgZ"),
    ("a byte above 127", b"\x80\xa0\xff"),
];

/// Values that a part may be replaced with: some sound, some not.
const VALUES: [(&str, &[&str]); 8] = [
    (
        "method",
        &[
            "HEAD",
            "OPTIONS",
            "DELETE",
            "TRACE",
            "CONNECT",
            "PRI",
            "get",
            "G-E_T",
            "LONGLONGLONGMETHOD",
        ],
    ),
    (
        "target",
        &[
            "*",
            "//",
            "/%41",
            "/%zz",
            "/a#b",
            "/../b",
            "http://a/",
            "http://a",
            "HTTP://b:80/c",
            "a:80",
            "a",
            "ftp://a/",
        ],
    ),
    (
        "version",
        &[
            "HTTP/1.0",
            "HTTP/1.2",
            "HTTP/1.10",
            "HTTP/2.0",
            "HTTP/0.9",
            "http/1.1",
            "HTTP/1",
            "HTTP/01.1",
            "",
        ],
    ),
    (
        "host",
        &[
            "",
            "a:80",
            "a:",
            "127.0.0.1",
            "[::1]",
            "[::1]:80",
            "a_b",
            "a b",
            "a/b",
            "a,b",
            "u@a",
            "a:b",
            "%41",
            "[a",
            "a.",
        ],
    ),
    (
        "field line",
        &[
            "Host: a",
            "Host: b",
            "Connection: close",
            "Connection: keep-alive",
            "Connection: close, foo",
            "Upgrade: h2c",
            "Expect: 100-continue",
            "Expect: other",
            " folded",
            "\tfolded",
            "no colon",
            ": empty",
            "A : b",
            "A_B: c",
            "A.B: c",
            "A:",
            "Content-Length: 0",
            "Content-Length: 00",
        ],
    ),
    (
        "length",
        &[
            "5, 5",
            "+5",
            "-5",
            "0x5",
            "",
            "05",
            "5 ",
            "5 5",
            "5;",
            "18446744073709551616",
            "five",
            "6",
            "4",
        ],
    ),
    (
        "coding",
        &[
            "Chunked",
            "chunked, chunked",
            "identity",
            "gzip, chunked",
            "xchunked",
            "\"chunked\"",
            "chunked;a",
            ", chunked",
            "",
        ],
    ),
    (
        "chunk size",
        &[
            "05",
            "+5",
            "-5",
            "0x5",
            "",
            "5 ",
            " 5",
            "g",
            "ffffffffffffffff",
            "10000000000000000",
            "5;",
            "5;a=\"b\"",
            "5 ;a",
        ],
    ),
];

/// So many inputs, always the same of a seed.
pub fn inputs(seed: u64, count: usize) -> Vec<Input> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| input(&mut random)).collect()
}

fn input(random: &mut ChaCha8Rng) -> Input {
    let mut parts = valid(random);
    // The value of a field that is not there cannot be changed.
    let (place, change) = loop {
        let changed = match random.random_range(0..8) {
            0..4 => byte(random, &mut parts),
            4..7 => value(random, &mut parts),
            _ => whole_part(random, &mut parts),
        };
        if let Some(changed) = changed {
            break changed;
        }
    };
    let mut bytes: Vec<u8> = parts.into_iter().flat_map(|(_, bytes)| bytes).collect();
    bytes.extend_from_slice(NEXT);
    Input {
        place,
        change,
        bytes,
    }
}

/// A request without a fault: without a body, with a length, or chunked.
fn valid(random: &mut ChaCha8Rng) -> Parts {
    let kind = random.random_range(0..3);
    let method: &[u8] = if kind == 0 { b"GET" } else { b"POST" };
    let mut parts: Parts = vec![
        ("method", method.to_vec()),
        ("space", b" ".to_vec()),
        ("target", b"/a".to_vec()),
        ("space", b" ".to_vec()),
        ("version", b"HTTP/1.1".to_vec()),
        ("line end", b"\r\n".to_vec()),
    ];
    field(&mut parts, "Host", "host", "a");
    field(&mut parts, "Accept", "field value", "b c");
    match kind {
        0 => parts.push(("head end", b"\r\n".to_vec())),
        1 => {
            field(&mut parts, "Content-Length", "length", "5");
            parts.push(("head end", b"\r\n".to_vec()));
            parts.push(("body", b"GET /".to_vec()));
        }
        _ => {
            field(&mut parts, "Transfer-Encoding", "coding", "chunked");
            parts.push(("head end", b"\r\n".to_vec()));
            for (place, bytes) in [
                ("chunk size", "5"),
                ("chunk line end", "\r\n"),
                ("chunk data", "GET /"),
                ("chunk line end", "\r\n"),
                ("last chunk", "0\r\n"),
                ("trailer", "Trailer: value\r\n"),
                ("body end", "\r\n"),
            ] {
                parts.push((place, bytes.as_bytes().to_vec()));
            }
        }
    }
    parts
}

fn field(parts: &mut Parts, name: &str, place: &'static str, value: &str) {
    for (place, text) in [
        ("field name", name),
        ("colon", ":"),
        ("white space", " "),
        (place, value),
        ("line end", "\r\n"),
    ] {
        parts.push((place, text.as_bytes().to_vec()));
    }
}

/// Inserts, replaces or deletes a byte.
fn byte(random: &mut ChaCha8Rng, parts: &mut Parts) -> Option<(&'static str, String)> {
    let chosen = random.random_range(0..parts.len());
    let (place, part) = &mut parts[chosen];
    let at = random.random_range(0..part.len());
    let (kind, bytes) = BYTES.choose(random)?;
    let byte = *bytes.choose(random)?;
    let change = match random.random_range(0..3) {
        0 => {
            part.insert(at, byte);
            format!("insert {kind}")
        }
        1 if part[at] != byte => {
            part[at] = byte;
            format!("replace by {kind}")
        }
        2 => {
            part.remove(at);
            "delete a byte".to_owned()
        }
        _ => return None,
    };
    Some((place, change))
}

/// Gives a part another value; a field line is put before the end of the head.
fn value(random: &mut ChaCha8Rng, parts: &mut Parts) -> Option<(&'static str, String)> {
    let (place, values) = VALUES.choose(random)?;
    let value = *values.choose(random)?;
    if *place == "field line" {
        let end = parts.iter().position(|(place, _)| *place == "head end")?;
        parts.insert(end, (place, format!("{value}\r\n").into_bytes()));
    } else {
        let (_, part) = parts.iter_mut().find(|(known, _)| known == place)?;
        *part = value.as_bytes().to_vec();
    }
    Some((place, format!("`{value}`")))
}

/// Deletes a part, or repeats it.
fn whole_part(random: &mut ChaCha8Rng, parts: &mut Parts) -> Option<(&'static str, String)> {
    let chosen = random.random_range(0..parts.len());
    let (place, part) = &mut parts[chosen];
    let change = if random.random() {
        part.clear();
        "delete"
    } else {
        *part = part.repeat(2);
        "repeat"
    };
    Some((place, change.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_tells_the_inputs() {
        let some = inputs(1, 500);
        assert_eq!(some, inputs(1, 500));
        assert_ne!(some, inputs(2, 500));
        assert_eq!(some[..100], inputs(1, 100));
    }

    #[test]
    fn every_place_is_changed_and_every_value_used() {
        let some = inputs(3, 20_000);
        for (place, values) in VALUES {
            for value in values {
                let change = format!("`{value}`");
                let found = |input: &&Input| input.place == place && input.change == change;
                assert!(some.iter().any(|input| found(&input)), "{place} {change}");
            }
        }
        for place in ["chunk data", "trailer", "body end", "colon", "space"] {
            assert!(some.iter().any(|input| input.place == place), "{place}");
        }
        assert!(some.iter().all(|input| input.bytes.ends_with(NEXT)));
    }
}
