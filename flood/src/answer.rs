//! The answer that all others must equal: the first one.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, bail, ensure};

/// Longest answer that is read.
const LONGEST: usize = 1 << 21;

/// Asks once and reads the answer whole.
///
/// # Errors
/// When there is none, when its length is not told by `Content-Length`, or its status is not 200.
pub(crate) fn first(stream: &mut TcpStream, request: &[u8]) -> Result<Vec<u8>> {
    stream
        .write_all(request)
        .context("cannot send the first request")?;
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(length) = length(&bytes)? {
            ensure!(
                bytes.len() <= length,
                "the server answered one request with more than one answer"
            );
            if bytes.len() == length {
                return Ok(bytes);
            }
        }
        ensure!(
            bytes.len() < LONGEST,
            "the first answer is longer than {LONGEST} bytes"
        );
        match stream.read(&mut chunk) {
            Ok(0) => bail!("the server closed the connection before its first answer was complete"),
            Ok(n) => bytes.extend_from_slice(&chunk[..n]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error).context("there is no first answer"),
        }
    }
}

/// The length of an answer, once its head is there.
fn length(bytes: &[u8]) -> Result<Option<usize>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap_or_default();
    ensure!(
        status.starts_with("HTTP/1.1 200"),
        "the server answered `{status}`; a load of refusals measures nothing"
    );
    let body = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>())
    });
    let body = body
        .context("the first answer has no Content-Length, by which answers are told apart")?
        .context("the first answer's Content-Length is not a number")?;
    Ok(Some(end + 4 + body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_that_of_head_and_body() {
        let text = b"HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length: 13\r\n\r\nHello, World!";
        assert_eq!(length(text).unwrap(), Some(text.len()));
        assert_eq!(length(&text[..60]).unwrap(), Some(text.len()));
        assert_eq!(length(&text[..20]).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        let refused = |text: &[u8], part: &str| {
            let message = length(text).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        };
        refused(
            b"HTTP/1.1 404 Not Found\r\n\r\n",
            "`HTTP/1.1 404 Not Found`",
        );
        refused(b"HTTP/1.1 200 OK\r\n\r\n", "no Content-Length");
        refused(
            b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "not a number",
        );
    }
}
