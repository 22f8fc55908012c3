//! What limited a cell.

use std::fmt;

/// From this share on a core counts as saturated: scheduling and interrupts leave a few percent
/// of a core unused even under endless load.
pub const SATURATED: f64 = 0.90;

/// What limited a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bottleneck {
    /// The server's cores were saturated.
    Server,
    /// The load generator's threads were saturated.
    Client,
    /// Both were.
    Both,
    /// Both shared the processors, and those were saturated: whose they were, nobody can say.
    Shared,
    /// Neither was: the way between them, or waiting, set the pace.
    Latency,
}

impl Bottleneck {
    /// From the busy shares of the server's cores and the load generator's threads.
    pub fn of(server: Option<f64>, client: Option<f64>) -> Option<Self> {
        Some(match (server? >= SATURATED, client? >= SATURATED) {
            (true, false) => Self::Server,
            (false, true) => Self::Client,
            (true, true) => Self::Both,
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

    /// Whether the server had all its cores to itself and used them up.
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
            Self::Latency => "latency",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_them_and_unknown() {
        assert_eq!(
            Bottleneck::of(Some(0.9), Some(0.5)),
            Some(Bottleneck::Server)
        );
        assert_eq!(
            Bottleneck::of(Some(0.6), Some(0.98)),
            Some(Bottleneck::Client)
        );
        assert_eq!(Bottleneck::of(Some(0.9), Some(0.9)), Some(Bottleneck::Both));
        assert_eq!(
            Bottleneck::of(Some(0.1), Some(0.1)),
            Some(Bottleneck::Latency)
        );
        assert_eq!(Bottleneck::of(None, Some(0.1)), None);
        assert_eq!(Bottleneck::of_shared(Some(0.95)), Some(Bottleneck::Shared));
        assert_eq!(Bottleneck::of_shared(Some(0.5)), Some(Bottleneck::Latency));
        assert_eq!(Bottleneck::of_shared(None), None);
    }
}
