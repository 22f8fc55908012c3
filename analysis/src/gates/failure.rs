//! A gate that a measurement failed.

use std::fmt;

use super::{ACHIEVED_RATE_LIMIT, FOREIGN_CPU_LIMIT, Gate, STEAL_LIMIT};
use crate::text::{fixed, grouped, percent};

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
    /// The bytes received are no whole number of like responses.
    Bytes {
        /// Bytes received.
        bytes: u64,
        /// Responses received.
        responses: u64,
    },
    /// More bytes than the link can carry.
    Link {
        /// Bits a second of the responses.
        found: f64,
        /// Bits a second of the link.
        link: u64,
    },
    /// The offered rate of an open loop was not reached.
    Rate {
        /// Requests a second that were answered.
        achieved: f64,
        /// Requests a second that were offered.
        offered: u64,
    },
    /// Other than the asked number of requests were in flight, by Little's law.
    InFlight {
        /// Requests a second times mean latency.
        found: f64,
        /// Requests asked for.
        asked: f64,
    },
    /// The server accepted fewer connections than the load generator opened.
    Accepted {
        /// Connections the server counted.
        accepted: u64,
        /// Connections asked for.
        asked: u64,
    },
    /// Other programs used too much of the processors in use.
    ForeignCpu(f64),
    /// The hypervisor gave too much of the processors in use to others.
    Steal(f64),
    /// The distance of the two sides' processors changed.
    Distance {
        /// Round trip before the window, in nanoseconds.
        before: u64,
        /// Round trip after it.
        after: u64,
    },
    /// A gate's quantity was not measured.
    NotMeasured(Gate),
}

impl Failure {
    /// The gate.
    pub fn gate(&self) -> Gate {
        match self {
            Self::Error(_) => Gate::Completed,
            Self::NoResponses => Gate::Responses,
            Self::SocketErrors(_) => Gate::SocketErrors,
            Self::StatusErrors(_) => Gate::StatusErrors,
            Self::Connections { .. } => Gate::Connections,
            Self::Bytes { .. } => Gate::Bytes,
            Self::Link { .. } => Gate::Link,
            Self::Rate { .. } => Gate::Rate,
            Self::InFlight { .. } => Gate::InFlight,
            Self::Accepted { .. } => Gate::Accepted,
            Self::ForeignCpu(_) => Gate::ForeignCpu,
            Self::Steal(_) => Gate::Steal,
            Self::Distance { .. } => Gate::Distance,
            Self::NotMeasured(gate) => *gate,
        }
    }

    /// Whether something else on the machine is to blame, rather than the arm or the harness.
    pub fn is_disturbance(&self) -> bool {
        matches!(
            self,
            Self::ForeignCpu(_) | Self::Steal(_) | Self::Distance { .. }
        )
    }

    /// The kind of failure, without the numbers of one measurement.
    pub fn kind(&self) -> String {
        match self {
            Self::Error(_) => "failed measurements".to_owned(),
            Self::NoResponses => "no responses".to_owned(),
            Self::SocketErrors(_) => "socket errors".to_owned(),
            Self::StatusErrors(_) => "error responses".to_owned(),
            Self::Connections { .. } => "other than the asked connections open".to_owned(),
            Self::Bytes { .. } => "responses of other lengths".to_owned(),
            Self::Link { .. } => "more bytes than the link carries".to_owned(),
            Self::Accepted { .. } => "connections not accepted".to_owned(),
            Self::Rate { .. } => "too low a rate".to_owned(),
            Self::InFlight { .. } => "other than the asked requests in flight".to_owned(),
            Self::ForeignCpu(_) => format!("foreign CPU over {}", percent(FOREIGN_CPU_LIMIT, 0)),
            Self::Steal(_) => format!("steal over {}", percent(STEAL_LIMIT, 0)),
            Self::Distance { .. } => "another distance of the processors".to_owned(),
            Self::NotMeasured(gate) => format!("{} not measured", gate.quantity()),
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
            Self::Bytes { bytes, responses } => write!(
                f,
                "{bytes} bytes are not those of {responses} whole responses of one length"
            ),
            Self::Link { found, link } => write!(
                f,
                "{} bits a second of responses on a link of {}",
                grouped(*found, 0),
                grouped(*link as f64, 0)
            ),
            Self::Rate { achieved, offered } => write!(
                f,
                "{} of {offered} requests a second were reached (limit {})",
                grouped(*achieved, 0),
                percent(ACHIEVED_RATE_LIMIT, 0)
            ),
            Self::InFlight { found, asked } => write!(
                f,
                "{} requests were in flight by Little's law, of {} asked",
                fixed(*found, 1),
                fixed(*asked, 0)
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
            Self::Distance { before, after } => write!(
                f,
                "the processors' round trip was {before} ns before the window and {after} ns after it"
            ),
            Self::NotMeasured(gate) => write!(f, "{} was not measured", gate.quantity()),
        }
    }
}
