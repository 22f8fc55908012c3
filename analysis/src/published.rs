//! The card's figures, from `results/published/`.

use serde::Deserialize;

/// The file as committed; it is part of the program so that a report never depends on where it runs.
const FILE: &str = include_str!("../../results/published/2025-11-08.csv");

/// Where the file stands in the repository.
pub const PUBLISHED_PATH: &str = "results/published/2025-11-08.csv";

/// The cores of the card's server ("Ampere Altra (8 cores)"), all of them workers.
pub const PUBLISHED_CORES: f64 = 8.0;

/// Default limit of open files of a process on Linux: what the card's failed connections are held against.
pub const DEFAULT_NOFILE: u32 = 1024;

/// The card's name of its own server.
pub const PUBLISHED_KIO: &str = "kio-cpp";

/// The card's name of the Tokio server.
pub const PUBLISHED_TOKIO: &str = "tokio";

/// A cell of the card's tables.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedCell {
    /// Connections asked of wrk.
    pub connections_requested: u32,
    /// [`PUBLISHED_KIO`] or [`PUBLISHED_TOKIO`].
    pub arm: String,
    /// "Requests/sec".
    pub requests_per_second: f64,
    /// "Avg Latency".
    pub latency_mean_us: f64,
    /// "P50 Latency".
    pub latency_p50_us: f64,
    /// "P99 Latency".
    pub latency_p99_us: f64,
    /// "CPU Usage", of all cores.
    pub server_cpu_percent: f64,
    /// "Socket Errors"; absent where the card prints none.
    pub socket_errors_connect: Option<u64>,
    /// wrk's `-t`.
    pub wrk_threads: u32,
    /// wrk's `-d`.
    pub duration_s: u32,
}

impl PublishedCell {
    /// Server's CPU time by request, as the card's own figures imply it.
    pub fn cpu_us_per_request(&self) -> f64 {
        PUBLISHED_CORES * self.server_cpu_percent / 100.0 * 1e6 / self.requests_per_second
    }

    /// Requests in flight by Little's law.
    pub fn in_flight(&self) -> f64 {
        self.requests_per_second * self.latency_mean_us / 1e6
    }
}

/// All figures of the card.
#[derive(Clone, Debug)]
pub struct Published(Vec<PublishedCell>);

impl Published {
    /// Parses the committed file.
    pub fn read() -> Result<Self, csv::Error> {
        csv::Reader::from_reader(FILE.as_bytes())
            .deserialize()
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The cells, in the card's order.
    pub fn cells(&self) -> &[PublishedCell] {
        &self.0
    }

    /// One cell.
    pub fn cell(&self, arm: &str, connections: u32) -> Option<&PublishedCell> {
        self.0
            .iter()
            .find(|cell| cell.arm == arm && cell.connections_requested == connections)
    }

    /// The card's loads, ascending.
    pub fn loads(&self) -> Vec<u32> {
        let mut loads: Vec<u32> = self.0.iter().map(|c| c.connections_requested).collect();
        loads.sort_unstable();
        loads.dedup();
        loads
    }

    /// Both servers' cells at a load: kio's and Tokio's.
    pub fn pair(&self, connections: u32) -> Option<(&PublishedCell, &PublishedCell)> {
        Some((
            self.cell(PUBLISHED_KIO, connections)?,
            self.cell(PUBLISHED_TOKIO, connections)?,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_both_servers_at_each_load() {
        let published = Published::read().unwrap();
        assert_eq!(published.loads(), [50, 500, 2000]);
        for load in published.loads() {
            assert!(published.pair(load).is_some());
        }
        assert_eq!(published.cells().len(), 6);
    }

    #[test]
    fn cpu_a_request_follows_from_the_card() {
        let published = Published::read().unwrap();
        let (kio, tokio) = published.pair(50).unwrap();
        assert!((kio.cpu_us_per_request() - 22.9).abs() < 0.1);
        assert!((tokio.cpu_us_per_request() - 14.5).abs() < 0.1);
    }
}
