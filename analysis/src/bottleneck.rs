//! What limited a cell.

use std::fmt;

use records::{CalibrationRecord, LoadPoint, Measurement, Plan, Purpose};

use crate::load::listed;
use crate::stats::median;

pub use crate::stats::stop::SATURATED;

/// From this share of the load generator's ceiling on it may have held the server back.
pub const NEAR_CEILING: f64 = 0.90;

/// What limited a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bottleneck {
    /// The server's cores were saturated, or its busiest worker was.
    Server,
    /// The load generator's threads were saturated, its busiest one was, or it did as much as it can.
    Client,
    /// Both were.
    Both,
    /// Both shared the processors, and those were saturated: whose they were, nobody can say.
    Shared,
    /// The link between them was full.
    Network,
    /// None was: the way between them, or waiting, set the pace.
    Latency,
}

/// What a cell's bottleneck is read from: busy shares, medians over its blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Busy {
    /// Of the server's cores.
    pub server: Option<f64>,
    /// Of the server's busiest thread.
    pub hottest_worker: Option<f64>,
    /// Of the load generator's threads.
    pub client: Option<f64>,
    /// Of the load generator's busiest thread.
    pub hottest_client: Option<f64>,
    /// The rate as a share of what the load generator can do at best.
    pub of_ceiling: Option<f64>,
    /// The bits a second as a share of the link's speed.
    pub link: Option<f64>,
}

impl Busy {
    /// Whether the load generator's threads, or the busiest of them, were saturated.
    pub fn client_hot(&self) -> bool {
        full(self.client, SATURATED) || full(self.hottest_client, SATURATED)
    }

    /// Whether the load generator did nearly all it can.
    pub fn near_ceiling(&self) -> bool {
        full(self.of_ceiling, NEAR_CEILING)
    }
}

fn full(share: Option<f64>, limit: f64) -> bool {
    share.is_some_and(|share| share >= limit)
}

impl Bottleneck {
    /// From what was busy on processors of their own.
    pub fn of(busy: &Busy) -> Option<Self> {
        busy.server.and(busy.client)?;
        let server = full(busy.server, SATURATED) || full(busy.hottest_worker, SATURATED);
        let client = busy.client_hot() || busy.near_ceiling();
        Some(match (server, client) {
            (true, false) => Self::Server,
            (false, true) => Self::Client,
            (true, true) => Self::Both,
            (false, false) if full(busy.link, SATURATED) => Self::Network,
            (false, false) => Self::Latency,
        })
    }

    /// From the busy share of processors that server and load generator share.
    pub fn of_shared(machine: Option<f64>) -> Option<Self> {
        Some(if machine? >= SATURATED {
            Self::Shared
        } else {
            Self::Latency
        })
    }

    /// Whether the load generator was at its limit, or took what the server wanted, so that it may
    /// have hidden what the server could do.
    pub fn client_full(self) -> bool {
        matches!(self, Self::Client | Self::Both | Self::Shared)
    }

    /// Whether the server was at its limit on processors of its own.
    pub fn server_full(self) -> bool {
        matches!(self, Self::Server | Self::Both)
    }

    /// The name in a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Server => "the server",
            Self::Client => "the load generator",
            Self::Both => "server and load generator alike",
            Self::Shared => "the processors that server and load generator share",
            Self::Network => "the network",
            Self::Latency => "neither server nor load generator but the waiting between them",
        }
    }
}

impl fmt::Display for Bottleneck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Both => "both",
            Self::Shared => "shared",
            Self::Network => "network",
            Self::Latency => "latency",
        })
    }
}

/// The busy share of the busiest thread of a list, over the window; none where that was not measured.
pub fn hottest(list: &str, row: &Measurement) -> Option<f64> {
    let most = listed(list)?.into_iter().max()?;
    let window = row.window_us.filter(|us| *us > 0)?;
    Some(most as f64 / window as f64)
}

/// The highest rate that the load generator was seen to reach at a load, in requests a second for the
/// threads of the plan. A calibration in which it had time to spare is only a lower bound of that, and
/// none.
pub fn ceiling(plan: &Plan, load: &LoadPoint, calibrations: &[CalibrationRecord]) -> Option<f64> {
    let alike = LoadPoint {
        offered_rate_per_s: None,
        idle_connections: 0,
        workers: None,
        client_nofile: None,
        ..load.clone()
    };
    (calibrations.iter())
        .filter(|record| record.purpose == Purpose::ClientCeiling)
        .filter(|record| record.measurement.error.is_empty())
        .filter(|record| record.measurement.load_point() == alike)
        .filter_map(|record| {
            let row = &record.measurement;
            let window = row.window_us.filter(|us| *us > 0)? as f64;
            let threads = f64::from(record.client_threads.max(1));
            let busy = row.client_cpu_us? as f64 / window / threads;
            let rate = row.requests? as f64 / window * 1e6;
            (busy >= SATURATED).then_some(rate / threads * f64::from(plan.client_threads))
        })
        .reduce(f64::max)
}

/// The median over rows of what each may have.
pub fn median_of<'a>(
    rows: impl Iterator<Item = &'a Measurement>,
    of: impl Fn(&Measurement) -> Option<f64>,
) -> Option<f64> {
    median(&rows.filter_map(of).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Busy = Busy {
        server: Some(0.5),
        hottest_worker: Some(0.5),
        client: Some(0.5),
        hottest_client: Some(0.5),
        of_ceiling: Some(0.5),
        link: Some(0.5),
    };

    fn of(busy: Busy) -> Option<Bottleneck> {
        Bottleneck::of(&busy)
    }

    #[test]
    fn each_limit_names_its_side() {
        let full = Some(0.9);
        assert_eq!(of(IDLE), Some(Bottleneck::Latency));
        assert_eq!(
            of(Busy {
                server: full,
                ..IDLE
            }),
            Some(Bottleneck::Server)
        );
        assert_eq!(
            of(Busy {
                hottest_worker: full,
                ..IDLE
            }),
            Some(Bottleneck::Server)
        );
        assert_eq!(
            of(Busy {
                client: full,
                ..IDLE
            }),
            Some(Bottleneck::Client)
        );
        assert_eq!(
            of(Busy {
                hottest_client: full,
                ..IDLE
            }),
            Some(Bottleneck::Client)
        );
        assert_eq!(
            of(Busy {
                of_ceiling: full,
                ..IDLE
            }),
            Some(Bottleneck::Client)
        );
        assert_eq!(of(Busy { link: full, ..IDLE }), Some(Bottleneck::Network));
        let both = Busy {
            server: full,
            hottest_client: full,
            ..IDLE
        };
        assert_eq!(of(both), Some(Bottleneck::Both));
    }

    #[test]
    fn without_readings_there_is_none_and_shared_processors_are_nobodys() {
        assert_eq!(
            of(Busy {
                client: None,
                ..IDLE
            }),
            None
        );
        assert_eq!(Bottleneck::of_shared(Some(0.95)), Some(Bottleneck::Shared));
        assert_eq!(Bottleneck::of_shared(Some(0.5)), Some(Bottleneck::Latency));
        assert_eq!(Bottleneck::of_shared(None), None);
    }

    #[test]
    fn the_busiest_thread_is_the_one_that_counts() {
        let row = Measurement {
            window_us: Some(1000),
            ..Measurement::default()
        };
        assert_eq!(hottest("100;950;0", &row), Some(0.95));
        assert_eq!(hottest("", &row), None);
        assert_eq!(hottest("1", &Measurement::default()), None);
    }
}
