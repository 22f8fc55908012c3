//! The gates a measurement must pass before any number of it is believed.

use std::fmt;

use records::{Generator, Measurement};

use crate::load::by_worker;
use crate::metric::{Derived, Metric};
use crate::text::{grouped, percent};

/// Largest share of the machine that other programs may use in a window. The measured processes
/// are pinned, so a little elsewhere does no harm; more than this moved results by several percent.
pub const FOREIGN_CPU_LIMIT: f64 = 0.10;

/// Largest share of the machine's time the hypervisor may take. Steal hits whichever arm runs, so
/// even little of it breaks the pairing inside a block.
pub const STEAL_LIMIT: f64 = 0.02;

/// Least share of the offered rate that an open loop must reach: below it the load was another
/// one than the cell's name says.
pub const ACHIEVED_RATE_LIMIT: f64 = 0.99;

/// A gate that a measurement failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// The measurement itself failed, and why.
    Error(String),
    /// No response in the window.
    NoResponses,
    /// Socket errors of any kind.
    SocketErrors(u64),
    /// Responses with a status over 399.
    StatusErrors(u64),
    /// Other than the asked number of connections were open, less those that the load generator's
    /// threads cannot share evenly.
    Connections {
        /// Connections the load generator held.
        open: u64,
        /// Connections asked for.
        asked: u64,
    },
    /// The offered rate of an open loop was not reached.
    Rate {
        /// Requests a second that were answered.
        achieved: f64,
        /// Requests a second that were offered.
        offered: u64,
    },
    /// The server accepted fewer connections than the load generator opened.
    Accepted {
        /// Connections the server counted.
        accepted: u64,
        /// Connections asked for.
        asked: u64,
    },
    /// Other programs used too much of the machine.
    ForeignCpu(f64),
    /// The hypervisor gave too much of the machine to others.
    Steal(f64),
    /// A gate's quantity was not measured.
    NotMeasured(&'static str),
}

impl Failure {
    /// Whether something else on the machine is to blame, rather than the arm or the harness.
    pub fn is_disturbance(&self) -> bool {
        matches!(self, Self::ForeignCpu(_) | Self::Steal(_))
    }

    /// The kind of failure, without the numbers of one measurement.
    pub fn kind(&self) -> String {
        match self {
            Self::Error(_) => "failed measurements".to_owned(),
            Self::NoResponses => "no responses".to_owned(),
            Self::SocketErrors(_) => "socket errors".to_owned(),
            Self::StatusErrors(_) => "error responses".to_owned(),
            Self::Connections { .. } => "other than the asked connections open".to_owned(),
            Self::Accepted { .. } => "connections not accepted".to_owned(),
            Self::Rate { .. } => "too low a rate".to_owned(),
            Self::ForeignCpu(_) => format!("foreign CPU over {}", percent(FOREIGN_CPU_LIMIT, 0)),
            Self::Steal(_) => format!("steal over {}", percent(STEAL_LIMIT, 0)),
            Self::NotMeasured(what) => format!("{what} not measured"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(why) => write!(f, "the measurement failed: {why}"),
            Self::NoResponses => write!(f, "no response in the window"),
            Self::SocketErrors(count) => write!(f, "{count} socket errors"),
            Self::StatusErrors(count) => write!(f, "{count} error responses"),
            Self::Connections { open, asked } => {
                write!(f, "{open} of {asked} connections were open")
            }
            Self::Rate { achieved, offered } => write!(
                f,
                "{} of {offered} requests a second were reached (limit {})",
                grouped(*achieved, 0),
                percent(ACHIEVED_RATE_LIMIT, 0)
            ),
            Self::Accepted { accepted, asked } => {
                write!(f, "the server accepted {accepted} of {asked} connections")
            }
            Self::ForeignCpu(share) => write!(
                f,
                "other programs used {} of the machine (limit {})",
                percent(*share, 1),
                percent(FOREIGN_CPU_LIMIT, 0)
            ),
            Self::Steal(share) => write!(
                f,
                "the hypervisor took {} of the machine (limit {})",
                percent(*share, 1),
                percent(STEAL_LIMIT, 0)
            ),
            Self::NotMeasured(what) => write!(f, "{what} was not measured"),
        }
    }
}

/// The connections a load generator opens when it is asked for `asked`: `wrk` gives each of its
/// threads the same number, so that `wrk -t12 -c50` opens 48; `flood` opens what it is asked for.
pub fn opened_by(generator: Generator, threads: u32, asked: u32) -> u64 {
    let threads = threads.max(1);
    u64::from(match generator {
        Generator::Wrk => asked / threads * threads,
        Generator::Flood | Generator::Oha => asked,
    })
}

/// The gates the measurement failed, with that many threads of the load generator; none for a valid
/// one. What cannot be checked is not passed.
pub fn failures(row: &Measurement, derived: &Derived, client_threads: u32) -> Vec<Failure> {
    if !row.error.is_empty() {
        return vec![Failure::Error(row.error.clone())];
    }
    let mut failed = Vec::new();
    match (row.window_us, row.requests) {
        (Some(1..), Some(1..)) => {}
        (Some(1..), Some(0)) => failed.push(Failure::NoResponses),
        (_, None) => failed.push(Failure::NotMeasured("the number of requests")),
        (None | Some(0), _) => failed.push(Failure::NotMeasured("the length of the window")),
    }
    match row.socket_errors {
        None => failed.push(Failure::NotMeasured("the number of socket errors")),
        Some(0) => {}
        Some(count) => failed.push(Failure::SocketErrors(count)),
    }
    match row.status_errors {
        None => failed.push(Failure::NotMeasured("the number of error responses")),
        Some(0) => {}
        Some(count) => failed.push(Failure::StatusErrors(count)),
    }
    let active = opened_by(row.generator, client_threads, row.connections);
    let asked = active + u64::from(row.idle_connections);
    match row.connections_open {
        None => failed.push(Failure::NotMeasured("the number of open connections")),
        Some(open) if open == asked => {}
        Some(open) => failed.push(Failure::Connections { open, asked }),
    }
    if let (Some(offered), Some(achieved)) = (
        row.offered_rate_per_s,
        derived.get(Metric::RequestsPerSecond),
    ) && achieved < ACHIEVED_RATE_LIMIT * offered as f64
    {
        failed.push(Failure::Rate { achieved, offered });
    }
    // The load generator's sockets are open before anybody accepts them. Idle ones may have been
    // accepted before the window.
    if let Some(counts) = by_worker(&row.accepts_by_worker).filter(|counts| !counts.is_empty()) {
        let accepted: u64 = counts
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count));
        if accepted < active {
            let asked = active;
            failed.push(Failure::Accepted { accepted, asked });
        }
    }
    match derived.get(Metric::ForeignShare) {
        None => failed.push(Failure::NotMeasured("foreign CPU")),
        Some(share) if share <= FOREIGN_CPU_LIMIT => {}
        Some(share) => failed.push(Failure::ForeignCpu(share)),
    }
    match derived.get(Metric::StealShare) {
        None => failed.push(Failure::NotMeasured("steal")),
        Some(share) if share <= STEAL_LIMIT => {}
        Some(share) => failed.push(Failure::Steal(share)),
    }
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> (Measurement, Derived) {
        let row = Measurement {
            connections: 50,
            window_us: Some(1),
            requests: Some(1),
            socket_errors: Some(0),
            status_errors: Some(0),
            connections_open: Some(50),
            ..Measurement::default()
        };
        let mut derived = Derived::default();
        derived.set(Metric::ForeignShare, Some(FOREIGN_CPU_LIMIT));
        derived.set(Metric::StealShare, Some(STEAL_LIMIT));
        (row, derived)
    }

    #[test]
    fn the_threads_of_the_load_generator_share_the_connections_evenly() {
        let opened = [50, 500, 2000].map(|asked| opened_by(Generator::Wrk, 12, asked));
        assert_eq!(opened, [48, 492, 1992]);
        assert_eq!(opened_by(Generator::Flood, 12, 50), 50);
        let (mut row, derived) = good();
        row.connections_open = Some(48);
        assert_eq!(failures(&row, &derived, 12), []);
        assert_eq!(failures(&row, &derived, 1).len(), 1);
    }

    #[test]
    fn idle_connections_must_be_open_too() {
        let (mut row, derived) = good();
        row.idle_connections = 1000;
        assert_eq!(
            failures(&row, &derived, 1),
            [Failure::Connections {
                open: 50,
                asked: 1050
            }]
        );
        row.connections_open = Some(1050);
        row.accepts_by_worker = "50".into();
        assert_eq!(failures(&row, &derived, 1), []);
    }

    #[test]
    fn a_good_measurement_passes_up_to_the_limits() {
        let (row, derived) = good();
        assert_eq!(failures(&row, &derived, 1), []);
        assert_eq!(failures(&row, &derived, 5), []);
    }

    #[test]
    fn each_gate_fails_on_its_own() {
        type Spoil = fn(&mut Measurement, &mut Derived);
        let cases: [(Spoil, &str); 11] = [
            (
                |r, d| {
                    r.offered_rate_per_s = Some(1000);
                    d.set(Metric::RequestsPerSecond, Some(989.0));
                },
                "989 of 1000 requests a second",
            ),
            (|r, _| r.error = "the server died".into(), "the server died"),
            (|r, _| r.requests = Some(0), "no response"),
            (|r, _| r.socket_errors = Some(3), "3 socket errors"),
            (|r, _| r.status_errors = Some(2), "2 error responses"),
            (|r, _| r.connections_open = Some(49), "49 of 50 connections"),
            (
                |r, _| r.accepts_by_worker = "20;29".into(),
                "accepted 49 of 50",
            ),
            (
                |r, _| r.connections_open = None,
                "open connections was not measured",
            ),
            (
                |_, d| d.set(Metric::ForeignShare, Some(0.101)),
                "10.1\u{a0}% of the machine",
            ),
            (
                |_, d| d.set(Metric::StealShare, Some(0.03)),
                "hypervisor took 3.0\u{a0}%",
            ),
            (
                |_, d| d.set(Metric::StealShare, None),
                "steal was not measured",
            ),
        ];
        for (spoil, expected) in cases {
            let (mut row, mut derived) = good();
            spoil(&mut row, &mut derived);
            let failed = failures(&row, &derived, 1);
            assert_eq!(failed.len(), 1, "{failed:?}");
            assert!(failed[0].to_string().contains(expected), "{failed:?}");
        }
    }
}
