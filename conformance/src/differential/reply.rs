//! What a server makes of an input.

use std::net::SocketAddr;

use crate::client::Client;
use crate::failure::Failure;

/// All that a server answered until it closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply(Vec<u8>);

impl Reply {
    /// Sends the bytes and the end of sending, and takes what comes.
    ///
    /// # Errors
    /// When there is no connection, or the server does not close.
    pub fn of(server: SocketAddr, bytes: &[u8]) -> Result<Self, Failure> {
        let mut client = Client::connect(server)?;
        client.send(bytes);
        client.finish_sending();
        client.receive_all().map(Self)
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The statuses in order, such as `200 400`; `nothing` when there is none.
    pub fn statuses(&self) -> String {
        let mut statuses = Vec::new();
        let mut rest = self.0.as_slice();
        while !rest.is_empty() {
            let Some((status, after)) = answer(rest) else {
                statuses.push("a body alone".to_owned());
                break;
            };
            statuses.push(status);
            rest = after;
        }
        if statuses.is_empty() {
            return "nothing".to_owned();
        }
        statuses.join(" ")
    }
}

/// The status of the first answer, and what comes after it.
fn answer(bytes: &[u8]) -> Option<(String, &[u8])> {
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n")? + 4;
    let head = str::from_utf8(&bytes[..end]).ok()?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    let after = &bytes[end..];
    // An answer to HEAD has a length and no body.
    let body = if after.starts_with(b"HTTP/1.1 ") {
        0
    } else {
        length
    };
    Some((status.to_owned(), after.get(body..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_told_in_order() {
        let hello = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n";
        let refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
        let proceed = "HTTP/1.1 100 Continue\r\n\r\n";
        for (text, statuses) in [
            (String::new(), "nothing"),
            (format!("{proceed}{hello}{refusal}"), "100 200 400"),
            (format!("{head}{hello}"), "200 200"),
            (format!("{hello}{head}"), "200 200"),
            ("Hello, World!".to_owned(), "a body alone"),
        ] {
            assert_eq!(Reply(text.into_bytes()).statuses(), statuses);
        }
    }
}
