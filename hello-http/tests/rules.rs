//! One test for each rule of HTTP that is kept, but for those about bodies.

mod common;

use common::*;
use hello_http::{Batch, Connection, HELLO, MAX_HEAD_BYTES, Mode};

#[test]
fn the_hot_answer_is_these_bytes() {
    assert_answers(
        GET,
        "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!",
        1,
        false,
    );
}

#[test]
fn no_answer_before_the_request_is_complete() {
    assert_open("", 0);
    assert_open(&GET[..GET.len() - 1], 0);
    assert_open(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx",
        0,
    );
    assert_open(chunked("1\r\nx\r\n0\r\n\r"), 0);
}

#[test]
fn pipelined_requests_are_answered_in_one_batch() {
    for count in [2, 255, 256, 257, 1000] {
        assert_open(GET.repeat(count as usize), count);
    }
}

#[test]
fn answers_of_different_kinds_keep_their_order() {
    let head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
    let last = get_with("Connection: close");
    assert_answers(
        format!("{GET}{GET}{head}{GET}{last}{GET}"),
        &format!("{0}{HEAD_ONLY}{1}{HELLO_CLOSE}", hellos(2), hellos(1)),
        5,
        true,
    );
}

#[test]
fn empty_lines_before_a_request_are_skipped() {
    assert_open(format!("\r\n\n\r\n{GET}\r\n\r\n{GET}\r\n"), 2);
    assert_malformed("\rGET / HTTP/1.1\r\n");
}

#[test]
fn a_bare_lf_ends_a_line() {
    assert_open("GET / HTTP/1.1\nHost: a\n\n", 1);
    assert_open(
        "GET / HTTP/1.1\nHost: a\r\n\nGET / HTTP/1.1\r\nHost: a\n\r\n",
        2,
    );
}

#[test]
fn close_is_found_in_the_list_of_options() {
    for value in [
        "close",
        "Close",
        "foo, CLOSE ,bar",
        "keep-alive, close",
        ",close",
    ] {
        let request = get_with(&format!("Connection: {value}"));
        assert_answers(format!("{request}{GET}"), HELLO_CLOSE, 1, true);
    }
    let two_fields = get_with("Connection: foo\r\nConnection: close");
    assert_answers(two_fields, HELLO_CLOSE, 1, true);
    for value in ["closed", "keep-alive", "", "not close"] {
        assert_open(get_with(&format!("Connection: {value}")), 1);
    }
}

#[test]
fn nothing_follows_a_close() {
    let mut connection = Connection::new(Mode::Parse);
    assert!(
        connection
            .feed(get_with("Connection: close").as_bytes())
            .close
    );
    let expected = Batch {
        close: true,
        ..Batch::default()
    };
    assert_eq!(connection.feed(GET.as_bytes()), expected);
    assert_eq!(connection.feed(b""), expected);
}

#[test]
fn http_1_0_closes_unless_told_to_stay() {
    assert_answers("GET / HTTP/1.0\r\n\r\n", HELLO_CLOSE, 1, true);
    let stays = "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n";
    assert_answers(stays.repeat(2), &HELLO_KEEP_ALIVE.repeat(2), 2, false);
    let both = "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n";
    assert_answers(both, HELLO_CLOSE, 1, true);
}

#[test]
fn head_gets_the_head_alone() {
    let head = |rest: &str| format!("HEAD / HTTP/1.{rest}\r\n\r\n");
    assert_answers(head("1\r\nHost: a"), HEAD_ONLY, 1, false);
    assert_answers(
        head("1\r\nHost: a\r\nConnection: close"),
        HEAD_CLOSE,
        1,
        true,
    );
    assert_answers(head("0"), HEAD_CLOSE, 1, true);
    assert_answers(
        head("0\r\nConnection: keep-alive"),
        HEAD_KEEP_ALIVE,
        1,
        false,
    );
}

#[test]
fn http_1_1_names_its_host_once() {
    assert_malformed("GET / HTTP/1.1\r\n\r\n");
    assert_malformed(get_with("Host: a"));
    assert_malformed("GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n");
    assert_open("GET / HTTP/1.1\r\nHost:\r\n\r\n", 1);
}

#[test]
fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
    for host in [
        "",
        "a",
        "A-1.example.",
        "127.0.0.1:8080",
        "a:",
        ":80",
        "[::1]",
        "[2001:db8::1]:80",
        "[::1]:",
        "my_host~",
        "a!$&'()*+,;=z:1",
        "%41%5a",
    ] {
        assert_open(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), 1);
    }
    for host in [
        "a b", "a\tb", "a/", "/", "a?b", "a#b", "u@a", "a:b", "a:1:2", "a:-1", "a_b:c", "::1",
        "[::1", "[::1]a", "[::1]80", "[1]", "[]", "[v1.a]", "a]", "a\\b", "a\"", "<a>", "{a}",
        "a|b", "^", "`", "%", "%4", "%4g", "\u{e9}",
    ] {
        assert_malformed(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_malformed(format!("GET / HTTP/1.0\r\nHost: {host}\r\n\r\n"));
    }
}

#[test]
fn a_host_that_is_known_makes_no_other_one_known() {
    let get = |host: &str| format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
    for known in [
        "12345678",
        "127.0.0.1:8080",
        "1234567890123456",
        "a.name.longer.than.16.bytes",
    ] {
        let twice = get(known).repeat(2);
        let (start, end) = known.split_at(8);
        for other in [
            format!("{start}/{end}"),
            format!("{start}/"),
            format!("/{known}"),
            format!("{known}:x"),
            format!("{} x{end}", &start[..7]),
        ] {
            assert_answers(
                twice.clone() + &get(&other),
                &(hellos(2) + BAD_REQUEST),
                2,
                true,
            );
        }
        for other in [
            "a",
            &known[1..],
            &known[..known.len() - 1],
            &format!("{known}0"),
        ] {
            assert_open(twice.clone() + &get(other) + &twice, 5);
        }
    }
}

#[test]
fn a_target_has_a_form_that_the_method_may_have() {
    let request =
        |method: &str, target: &str| format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    for target in [
        "/",
        "//",
        "/a?b",
        "/*",
        "http://a",
        "HTTPS://a:1/b?c",
        "a+b-c.d://e",
    ] {
        for method in ["GET", "OPTIONS", "POST", "TRACE", "ANYTHING"] {
            assert_open(request(method, target), 1);
        }
    }
    assert_open(request("OPTIONS", "*"), 1);
    for target in [
        "*",
        "a",
        "a:80",
        "a/b",
        "?",
        "http:/a",
        "http:a",
        "://a",
        "1a://b",
        "a_b://c",
        "http://",
        "http:///a",
        "http://?a",
    ] {
        assert_malformed(request("GET", target));
    }
    assert_malformed(request("OPTIONS", "**"));
}

#[test]
fn a_tunnel_is_not_promised() {
    for target in ["a:443", "/", "http://a/", "*"] {
        let connect = format!("CONNECT {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_answers(format!("{connect}{GET}"), NOT_IMPLEMENTED, 0, true);
    }
    assert_open("connect / HTTP/1.1\r\nHost: a\r\n\r\n", 1);
}

#[test]
fn other_versions_are_malformed() {
    for version in ["HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1", ""] {
        assert_malformed(format!("GET / {version}\r\nHost: a\r\n\r\n"));
    }
    assert_malformed("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
}

#[test]
fn malformed_heads_are_refused() {
    for head in [
        "GET\r\n",
        "GE T / HTTP/1.1\r\n",
        "GET  / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n",
        "GET / HTTP/1.1\r\n Host: a\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n",
        "GET / HTTP/1.1\r\nHost: a\rb\r\n",
        "GET / HTTP/1.1\r\nHost: \0\r\n",
        "\x16\x03\x01\n",
    ] {
        assert_malformed(head);
        assert_answers(
            format!("{GET}{head}{GET}"),
            &(hellos(1) + BAD_REQUEST),
            1,
            true,
        );
    }
}

#[test]
fn a_fault_is_answered_when_its_line_has_ended() {
    assert_open("GET / HTTP/9.9 and more", 0);
    assert_malformed("GET / HTTP/9.9 and more\r\n");
}

#[test]
fn a_head_may_have_8192_bytes() {
    let head = |bytes: usize| {
        let pad = bytes - get_with("P: ").len();
        get_with(&format!("P: {}", "x".repeat(pad)))
    };
    assert_eq!(head(MAX_HEAD_BYTES).len(), MAX_HEAD_BYTES);
    assert_open(head(MAX_HEAD_BYTES).repeat(2), 2);
    assert_open(format!("\r\n{}", head(MAX_HEAD_BYTES)), 1);
    assert_too_large(head(MAX_HEAD_BYTES + 1));
    assert_too_large("x".repeat(MAX_HEAD_BYTES));
    assert_open("x".repeat(MAX_HEAD_BYTES - 1), 0);
}

#[test]
fn a_head_may_have_64_headers() {
    let fields = |count: usize| get_with(&vec!["a: b"; count - 1].join("\r\n"));
    for count in [8, 9, 64] {
        assert_open(fields(count).repeat(2), 2);
    }
    assert_too_large(fields(65));
}

#[test]
fn without_parsing_each_read_is_answered_once() {
    let mut connection = Connection::new(Mode::AnswerEveryRead);
    assert_eq!(connection.feed(b""), Batch::default());
    let expected = Batch {
        bytes: HELLO.into(),
        requests: 1,
        close: false,
    };
    for read in ["x", GET, "Connection: close\r\n\r\n", &GET.repeat(5)] {
        assert_eq!(connection.feed(read.as_bytes()), expected);
    }
}
