//! The list of all gates, which the report prints.

use super::{ACHIEVED_RATE_LIMIT, FOREIGN_CPU_LIMIT, IN_FLIGHT_LIMIT, STEAL_LIMIT};
use crate::bottleneck::{NEAR_CEILING, SATURATED};
use crate::stats::distance::ONE_MODE;
use crate::stats::drift::{ERROR_RATE, LEAST_CHANGE};
use crate::text::{percent, precise};

/// A condition that a measurement, a pair or a cell must meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// It was measured without an error.
    Completed,
    /// There were responses.
    Responses,
    /// No socket errors.
    SocketErrors,
    /// No error responses.
    StatusErrors,
    /// The asked connections were open.
    Connections,
    /// The server accepted them.
    Accepted,
    /// The bytes are those of the responses.
    Bytes,
    /// The rate is possible.
    Link,
    /// The offered rate was reached.
    Rate,
    /// As many requests were in flight as asked.
    InFlight,
    /// Hardly any foreign CPU.
    ForeignCpu,
    /// Hardly any steal.
    Steal,
    /// One distance of the processors within a window.
    Distance,
    /// One distance of the processors in both windows of a pair.
    PairDistance,
    /// No trend within the windows.
    WindowTrend,
    /// No trend over the blocks.
    BlockTrend,
    /// The load generator's busiest thread had time to spare.
    HotThread,
    /// The load generator was not at its ceiling.
    Ceiling,
}

/// What follows when it is not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// The cell is invalid.
    Invalid,
    /// The window is left out, and the cell invalid when too many are.
    LeftOut,
    /// The pair has no ratio.
    Unpaired,
    /// The cell is flagged.
    Flagged,
    /// The cell's bottleneck is the load generator.
    Client,
}

impl Consequence {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Invalid => "the cell is invalid",
            Self::LeftOut => {
                "the window is left out; with over a quarter of them the cell is invalid"
            }
            Self::Unpaired => "the block has no ratio of the two",
            Self::Flagged => "the cell is flagged",
            Self::Client => "the bottleneck is the load generator",
        }
    }
}

impl Gate {
    /// All gates, in the order of the report.
    pub const ALL: [Self; 18] = [
        Self::Completed,
        Self::Responses,
        Self::SocketErrors,
        Self::StatusErrors,
        Self::Connections,
        Self::Accepted,
        Self::Bytes,
        Self::Link,
        Self::Rate,
        Self::InFlight,
        Self::ForeignCpu,
        Self::Steal,
        Self::Distance,
        Self::PairDistance,
        Self::WindowTrend,
        Self::BlockTrend,
        Self::HotThread,
        Self::Ceiling,
    ];

    /// What is looked at.
    pub fn quantity(self) -> &'static str {
        match self {
            Self::Completed => "the measurement",
            Self::Responses => "the number of requests",
            Self::SocketErrors => "the number of socket errors",
            Self::StatusErrors => "the number of error responses",
            Self::Connections => "the number of open connections",
            Self::Accepted => "the number of accepted connections",
            Self::Bytes => "the bytes of the responses",
            Self::Link => "the length of the window",
            Self::Rate => "the rate of an open loop",
            Self::InFlight => "requests in flight by Little's law, flood in a closed loop",
            Self::ForeignCpu => "foreign CPU",
            Self::Steal => "steal",
            Self::Distance => "the distance of the processors",
            Self::PairDistance => "the distance of the processors, of both windows",
            Self::WindowTrend => "requests and CPU a request within a window",
            Self::BlockTrend => "requests and CPU a request over the blocks",
            Self::HotThread => "the load generator's busiest thread",
            Self::Ceiling => "requests a second against the load generator's ceiling",
        }
    }

    /// What it must be.
    pub fn rule(self) -> String {
        let distance = || format!("within a factor of {}", precise(ONE_MODE));
        let trend = || {
            format!(
                "no trend of {} and more (Mann-Kendall, p at most {})",
                percent(LEAST_CHANGE, 0),
                precise(ERROR_RATE)
            )
        };
        match self {
            Self::Completed => "no error; verified byte by byte before and after".to_owned(),
            Self::Responses => "above 0".to_owned(),
            Self::SocketErrors | Self::StatusErrors => "0".to_owned(),
            Self::Connections => "as asked, idle ones too".to_owned(),
            Self::Accepted => "at least those that were opened".to_owned(),
            Self::Bytes => "whole responses of one length, no shorter than their body".to_owned(),
            Self::Link => {
                "known; no more bits a second than the link's speed, where that is".to_owned()
            }
            Self::Rate => format!(
                "at least {} of the offered one",
                percent(ACHIEVED_RATE_LIMIT, 0)
            ),
            Self::InFlight => format!(
                "within {} of those asked; fewer by the share of the window that the slowest answer takes, \
                 which may be under way at its end",
                percent(IN_FLIGHT_LIMIT, 0)
            ),
            Self::ForeignCpu => format!(
                "at most {} of either side's processors, or of the machine",
                percent(FOREIGN_CPU_LIMIT, 0)
            ),
            Self::Steal => format!(
                "at most {} of any processor in use, or of the machine",
                percent(STEAL_LIMIT, 0)
            ),
            Self::Distance | Self::PairDistance => distance(),
            Self::WindowTrend => format!("{}, in most windows", trend()),
            Self::BlockTrend => trend(),
            Self::HotThread => format!("below {} busy", percent(SATURATED, 0)),
            Self::Ceiling => format!("below {} of it", percent(NEAR_CEILING, 0)),
        }
    }

    /// What follows when it is not met.
    pub fn consequence(self) -> Consequence {
        match self {
            Self::ForeignCpu | Self::Steal | Self::Distance => Consequence::LeftOut,
            Self::PairDistance => Consequence::Unpaired,
            Self::WindowTrend | Self::BlockTrend => Consequence::Flagged,
            Self::HotThread | Self::Ceiling => Consequence::Client,
            _ => Consequence::Invalid,
        }
    }
}
