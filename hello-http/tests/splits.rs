//! What is answered depends on the bytes alone, not on where reads split them.

mod common;

use common::*;
use hello_http::HELLO;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Cuts `input` at the places chosen.
fn cut<'a>(input: &'a [u8], places: &[Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = places.iter().map(|at| at.index(input.len() + 1)).collect();
    ends.push(input.len());
    ends.sort_unstable();
    let mut start = 0;
    ends.iter()
        .map(|&end| &input[std::mem::replace(&mut start, end)..end])
        .collect()
}

/// A valid request with its answer.
fn request() -> impl Strategy<Value = (Vec<u8>, String)> {
    let hello = String::from_utf8_lossy(HELLO).into_owned();
    let field = "[A-Z][a-z]{0,30}: [ -~]{0,40}\r\n";
    (
        vec(field, 0..30),
        "(\r\n){0,2}",
        "/[a-z]{0,20}",
        0..5_u8,
        body(),
    )
        .prop_map(move |(fields, before, target, kind, (framing, body))| {
            let (method, answer) = match kind {
                0 => ("HEAD", HEAD_ONLY),
                1 => ("GET", hello.as_str()),
                _ => ("POST", hello.as_str()),
            };
            let fields = fields.concat();
            let head =
                format!("{before}{method} {target} HTTP/1.1\r\nHost: a\r\n{fields}{framing}\r\n");
            ([head.as_bytes(), &body].concat(), answer.to_owned())
        })
}

/// The header fields that announce a body, and the body.
fn body() -> impl Strategy<Value = (String, Vec<u8>)> {
    let data = || vec(any::<u8>(), 0..300);
    let chunks = vec(
        (vec(any::<u8>(), 1..40), "(;[a-z]{1,5}=[a-z]{0,5}){0,2}"),
        0..5,
    );
    prop_oneof![
        Just((String::new(), Vec::new())),
        data().prop_map(|data| (format!("Content-Length: {}\r\n", data.len()), data)),
        (chunks, "(Trailer: [a-z]{0,9}\r\n){0,2}").prop_map(|(chunks, trailers)| {
            let mut body = Vec::new();
            for (data, extension) in chunks {
                body.extend(format!("{:x}{extension}\r\n", data.len()).bytes());
                body.extend(data);
                body.extend(b"\r\n");
            }
            body.extend(format!("0\r\n{trailers}\r\n").bytes());
            ("Transfer-Encoding: chunked\r\n".to_owned(), body)
        }),
    ]
}

/// Pieces that bring random input past the first checks of a parser.
fn nearly_http() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => select(vec![
            "GET / HTTP/1.1\r\n", "HEAD / HTTP/1.0\n", "POST /", " HTTP/1.1\r\n", "\r\n", "\r\n\r\n",
            "\n", "\r", "Host: a\r\n", "Content-Length: 3\r\n", "Content-Length: ", "12", "abc",
            "Transfer-Encoding: chunked\r\n", "Connection: close\r\n", "Expect: 100-continue\r\n",
            "3\r\nabc\r\n", "0\r\n\r\n", "; ", ":", "\0", "A: b\r\n",
        ]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => select(vec![70_usize, 1000, 4000, 8000]).prop_map(|count| b"x".repeat(count)),
        1 => select(vec![20_usize, 62, 63, 64]).prop_map(|count| b"A: b\r\n".repeat(count)),
        1 => vec(any::<u8>(), 0..40),
    ];
    vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn valid_requests_are_each_answered_once(
        requests in vec(request(), 1..8),
        places in vec(any::<Index>(), 0..40),
    ) {
        let (sent, expected): (Vec<_>, Vec<_>) = requests.into_iter().unzip();
        let expected = Total {
            requests: expected.len() as u32,
            bytes: expected.concat(),
            close: false,
        };
        let sent = sent.concat();
        prop_assert_eq!(&total(cut(&sent, &places)), &expected);
        prop_assert_eq!(&total(sent.chunks(1)), &expected);
    }

    #[test]
    fn splits_of_nearly_http_change_nothing(
        input in nearly_http(),
        places in vec(any::<Index>(), 0..20),
    ) {
        let whole = total([&input[..]]);
        prop_assert_eq!(&total(cut(&input, &places)), &whole);
        prop_assert_eq!(&total(input.chunks(1)), &whole);
    }

    #[test]
    fn splits_of_garbage_change_nothing(
        input in vec(any::<u8>(), 0..500),
        places in vec(any::<Index>(), 0..20),
    ) {
        let whole = total([&input[..]]);
        prop_assert_eq!(&total(cut(&input, &places)), &whole);
        prop_assert_eq!(&total(input.chunks(1)), &whole);
    }
}
