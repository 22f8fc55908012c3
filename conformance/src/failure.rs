//! Why a case failed, so that the reader can repeat it by hand.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;

/// Why a case failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// There is no connection to speak over.
    #[error("cannot connect to {server}: {source}; is a server listening there?")]
    Connect {
        /// Where a server was expected.
        server: SocketAddr,
        /// What the connection attempt ended with.
        source: io::Error,
    },
    /// The server did not answer as it must. The bytes are escaped, and long ones shortened.
    #[error("sent {sent}; expected {expected}; got {got}")]
    Answer {
        /// What was sent on the connection.
        sent: String,
        /// What the server had to do.
        expected: String,
        /// What it did.
        got: String,
    },
    /// This process may not open the sockets that the case needs.
    #[error(
        "{needed} files must be open at once, but the limit is {limit}; raise the hard limit \
         (`ulimit -Hn {needed}` as root, or LimitNOFILE= of the service)"
    )]
    OpenFiles {
        /// Open files that the case needs.
        needed: u64,
        /// The most that this process may have.
        limit: u64,
    },
    /// The limit of open files cannot be raised.
    #[error("{0}; check with `ulimit -Hn` how many files may be open")]
    Limit(String),
}

/// The bytes, escaped; of a long sequence its start, its end and its length.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    const START: usize = 160;
    const END: usize = 40;
    if bytes.is_empty() {
        return "nothing".to_owned();
    }
    if bytes.len() <= START + END {
        return format!("\"{}\"", bytes.escape_ascii());
    }
    let mut text = format!("\"{}\"...", bytes[..START].escape_ascii());
    let end = bytes[bytes.len() - END..].escape_ascii();
    let _ = write!(text, "\"{end}\" ({} bytes)", bytes.len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_escaped_and_shortened() {
        assert_eq!(excerpt(b""), "nothing");
        assert_eq!(excerpt(b"a\r\n\0"), r#""a\r\n\x00""#);
        let long = excerpt(&b"x".repeat(1000));
        assert!(long.len() < 230, "{long}");
        assert!(long.ends_with("(1000 bytes)"), "{long}");
    }
}
