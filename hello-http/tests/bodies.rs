//! One test for each rule about a request's body: its length, chunks, codings, and who waits to send it.

mod common;

use common::*;

#[test]
fn a_body_with_a_length_is_skipped() {
    let post = |length: &str, body: &str| {
        format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}{GET}")
    };
    assert_open(post("0", ""), 2);
    assert_open(post("000", ""), 2);
    assert_open(post("5", "GET /"), 2);
    assert_open(post("1048576", &"\r\n".repeat(1 << 19)), 2);
    assert_open(post("3\r\nContent-Length: 3", "abc"), 2);
    assert_open(post("18446744073709551615", "abc"), 0);
}

#[test]
fn a_length_that_is_none_is_refused() {
    for length in [
        "",
        "-1",
        "+1",
        "0x1",
        "1 1",
        "1, 1",
        "a",
        "18446744073709551616",
        "3\r\nContent-Length: 4",
    ] {
        assert_malformed(get_with(&format!("Content-Length: {length}")));
    }
}

#[test]
fn a_chunked_body_is_skipped() {
    for body in [
        "0\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\n",
        "05\r\nhello\r\nA\r\n0123456789\r\n00\r\n\r\n",
        "a;name=value\r\n0123456789\r\n0;last\r\n\r\n",
        "1 ;a=\"b; c\" ;d\r\nx\r\n0\r\n\r\n",
        "1\r\nx\r\n0\r\nTrailer: value\r\nOther: value\r\n\r\n",
        "4\r\n\r\n\r\n\r\n0\r\n\r\n",
    ] {
        assert_open(chunked(body) + GET, 2);
    }
    let codings = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: , CHUNKED\r\n\r\n0\r\n\r\n";
    assert_open(format!("{codings}{GET}"), 2);
}

#[test]
fn a_chunked_body_out_of_shape_is_refused() {
    for body in [
        "\r\n",
        "g\r\n",
        ";a\r\n",
        " 1\r\n",
        "1 \r\n",
        "1\n",
        "1\rx",
        "-1\r\n",
        "0x1\r\n",
        "1\r\nxy",
        "1\r\nx\n",
        "1\r\nx\rx",
        "1;\0\r\n",
        "10000000000000000\r\n",
        "0\r\n\rx",
        "0\r\nTrailer\n",
        "0\r\nTrailer: a\rb",
    ] {
        assert_malformed(chunked(body));
    }
}

#[test]
fn the_lines_of_a_chunked_body_are_bounded() {
    assert_malformed(chunked(&format!("1;{}", "x".repeat(2000))));
    assert_malformed(chunked(&"0".repeat(2000)));
    let trailers = |count: usize| format!("0\r\n{}\r\n", "Name: value\r\n".repeat(count));
    assert_open(chunked(&trailers(100)) + GET, 2);
    assert_too_large(chunked(&trailers(1000)));
}

#[test]
fn framing_that_could_be_read_in_two_ways_is_refused() {
    for coding in [
        "",
        "gzip",
        "gzip, chunked",
        "chunked, gzip",
        "chunked, chunked",
        "chunked;q=1",
    ] {
        assert_malformed(get_with(&format!("Transfer-Encoding: {coding}")));
    }
    assert_malformed(get_with(
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    ));
    assert_malformed(get_with("Transfer-Encoding: chunked\r\nContent-Length: 3"));
    assert_malformed("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
}

#[test]
fn continue_is_sent_to_a_client_that_waits_for_it() {
    let expecting = |version: u8, field: &str| {
        format!("POST / HTTP/1.{version}\r\nHost: a\r\nExpect: 100-Continue\r\n{field}\r\n\r\n")
    };
    assert_answers(expecting(1, "Content-Length: 2"), CONTINUE, 0, false);
    let answered = format!("{CONTINUE}{}", hellos(1));
    assert_answers(
        expecting(1, "Content-Length: 2") + "ab",
        &answered,
        1,
        false,
    );
    let chunked = expecting(1, "Transfer-Encoding: chunked") + "0\r\n\r\n";
    assert_answers(chunked, &answered, 1, false);
    assert_open(expecting(1, "Content-Length: 0"), 1);
    assert_answers(
        expecting(0, "Content-Length: 2") + "ab",
        HELLO_CLOSE,
        1,
        true,
    );
}
