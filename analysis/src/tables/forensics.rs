//! What the card's own numbers show, computed from them.

use super::{Column, Display, Kind, Line, Table, Value};
use crate::published::{DEFAULT_NOFILE, Published, PublishedCell};

/// Standard input, output and error.
pub const STDIO_FILES: u64 = 3;

/// Bytes of the card's response: `HTTP/1.1 200 OK`, `Content-Length: 13`, `Hello, World!`.
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";
/// Bytes around a TCP segment's payload on Ethernet: preamble 8, header 14, IPv4 20, TCP 20 with
/// 12 of timestamps, checksum 4, gap 12.
const WIRE_OVERHEAD_BYTES: u64 = 8 + 14 + 20 + 20 + 12 + 4 + 12;

/// Connections the card's load generator really held: what its division by threads leaves, less
/// those that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Connections each thread was given, times threads.
    pub tried: u64,
    /// Those less the failed ones.
    pub open: u64,
    /// What a limit of [`DEFAULT_NOFILE`] files leaves after [`STDIO_FILES`] and an epoll
    /// descriptor a thread.
    pub limit_leaves: u64,
}

/// The arithmetic of the failed connections; `None` where the card reports none.
pub fn opened(cell: &PublishedCell) -> Option<Opened> {
    let threads = u64::from(cell.wrk_threads);
    let tried = u64::from(cell.connections_requested) / threads * threads;
    let failed = cell.socket_errors_connect?;
    Some(Opened {
        tried,
        open: tried.checked_sub(failed)?,
        limit_leaves: u64::from(DEFAULT_NOFILE) - STDIO_FILES - threads,
    })
}

/// What the card's responses take on the wire, in Gbit/s.
pub fn wire_gbit_per_second(cell: &PublishedCell) -> f64 {
    let bytes = RESPONSE.len() as u64 + WIRE_OVERHEAD_BYTES;
    cell.requests_per_second * bytes as f64 * 8.0 / 1e9
}

/// Bytes of one response on the wire.
pub fn wire_bytes() -> u64 {
    RESPONSE.len() as u64 + WIRE_OVERHEAD_BYTES
}

/// The card's cells with what follows from them.
pub fn forensics(published: &Published) -> Table {
    let line = |cell: &PublishedCell| {
        let open = opened(cell).map_or(Value::Empty, |opened| Value::Integer(opened.open));
        Line::plain(vec![
            Value::Name(cell.arm.clone()),
            Value::Integer(u64::from(cell.connections_requested)),
            open,
            Value::Number(cell.in_flight(), Display::Decimals(0)),
            Value::Number(cell.server_cpu_percent / 100.0, Display::Percent(0)),
            Value::Number(cell.cpu_us_per_request(), Display::Decimals(1)),
            Value::Number(wire_gbit_per_second(cell), Display::Decimals(2)),
        ])
    };
    Table {
        name: "forensics".to_owned(),
        title: "What the card's own numbers imply".to_owned(),
        columns: vec![
            Column::new("arm", "Card's arm", Kind::Words),
            Column::new("connections_requested", "Connections asked", Kind::Numbers),
            Column::new("connections_open", "Open, by arithmetic", Kind::Numbers),
            Column::new("in_flight", "In flight, by Little's law", Kind::Numbers),
            Column::new("server_cores_busy", "Cores busy", Kind::Numbers),
            Column::new("cpu_us_per_request", "CPU a request, µs", Kind::Numbers),
            Column::new("wire_gbit_per_second", "On the wire, Gbit/s", Kind::Numbers),
        ],
        lines: published.cells().iter().map(line).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_failed_connections_are_a_limit_of_1024_files() {
        let published = Published::read().unwrap();
        for arm in ["kio-cpp", "tokio"] {
            let opened = opened(published.cell(arm, 2000).unwrap()).unwrap();
            assert_eq!(opened.tried, 1992);
            assert_eq!(opened.open, 1009);
            assert_eq!(opened.open, opened.limit_leaves);
        }
        assert_eq!(opened(published.cell("tokio", 50).unwrap()), None);
    }

    #[test]
    fn the_wire_is_far_from_full() {
        let published = Published::read().unwrap();
        let fastest = published.cell("kio-cpp", 500).unwrap();
        assert_eq!(wire_bytes(), 142);
        assert!((wire_gbit_per_second(fastest) - 0.209).abs() < 0.001);
        assert!((published.cell("kio-cpp", 2000).unwrap().in_flight() - 1004.0).abs() < 0.5);
    }
}
