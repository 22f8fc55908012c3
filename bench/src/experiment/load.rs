//! One load of an experiment.

use anyhow::{Result, ensure};
use records::{Expected, Generator, LoadPoint};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::check_range;

/// Far above what makes sense, and far below what overflows a figure or fills the memory.
const MOST_CONNECTIONS: u32 = 1_000_000;
const MOST_PIPELINE: u32 = 1024;
const MOST_WORKERS: u32 = 1024;
/// What the servers' `--body-bytes` takes.
const MOST_BODY_BYTES: u32 = 1 << 20;
/// Numbers of workers up to which each is measured.
const EACH_WORKERS: u32 = 8;

/// One load of an experiment, which may stand for several load points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Connections held open at once.
    pub connections: u32,
    /// Requests a connection has in flight.
    #[serde(default = "one")]
    pub pipeline: u32,
    /// What makes the load.
    #[serde(default)]
    pub generator: Generator,
    /// Connections held open beside the others, on which nothing is sent.
    #[serde(default)]
    pub idle_connections: u32,
    /// An open loop, at so many hundredths of what the slowest arm can do in a closed one.
    pub offered_percent: Option<u32>,
    /// An open loop, at so many requests a second.
    pub offered_rate_per_s: Option<u64>,
    /// Requests after which a connection is closed and another opened.
    pub requests_per_connection: Option<u32>,
    /// Bytes of the response's body, where it is not the usual one.
    pub body_bytes: Option<u32>,
    /// Workers of the server, where they are not as many as the experiment says.
    pub workers: Option<Workers>,
    /// Files that the load generator may have open.
    pub client_nofile: Option<u32>,
    /// What is to fail.
    pub expect: Option<Expect>,
    /// Left out, with a message, where the machine's limits are too low for it; otherwise the
    /// experiment is refused there.
    #[serde(default)]
    pub when_possible: bool,
}

/// Numbers of workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Workers {
    /// From one to as many as the experiment has, a load point each.
    Each,
    /// So many.
    Exactly(u32),
}

/// What is to fail at a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Connections that are open.
    pub connections_open: u64,
    /// Connections that cannot be opened.
    pub socket_errors_connect: u64,
}

impl<'de> Deserialize<'de> for Workers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Word(String),
            Number(u32),
        }
        match Raw::deserialize(deserializer)? {
            Raw::Word(word) if word == "each" => Ok(Self::Each),
            Raw::Number(number @ 1..=MOST_WORKERS) => Ok(Self::Exactly(number)),
            Raw::Word(_) | Raw::Number(_) => Err(D::Error::custom(format!(
                "workers: give \"each\" or a number from 1 to {MOST_WORKERS}"
            ))),
        }
    }
}

fn one() -> u32 {
    1
}

impl Load {
    /// Refuses what makes no sense.
    pub(super) fn check(&self) -> Result<()> {
        check_range("connections", self.connections, MOST_CONNECTIONS)?;
        check_range("pipeline", self.pipeline, MOST_PIPELINE)?;
        check_range("body_bytes", self.body_bytes.unwrap_or(1), MOST_BODY_BYTES)?;
        check_range("offered_percent", self.offered_percent.unwrap_or(1), 100)?;
        let requests = self.requests_per_connection.unwrap_or(1);
        check_range("requests_per_connection", requests, u32::MAX)?;
        ensure!(
            self.idle_connections <= MOST_CONNECTIONS,
            "idle_connections is {} and must be a whole number from 0 to {MOST_CONNECTIONS}",
            self.idle_connections
        );
        ensure!(
            self.offered_rate_per_s
                .is_none_or(|rate| (1..=100_000_000).contains(&rate)),
            "offered_rate_per_s must be a whole number from 1 to 100000000"
        );
        self.check_together()
    }

    fn check_together(&self) -> Result<()> {
        let open_loop = self.is_open_loop();
        let flood_only = self.idle_connections > 0 || self.requests_per_connection.is_some();
        ensure!(
            !flood_only || self.generator == Generator::Flood,
            "only flood takes idle_connections and requests_per_connection; give generator = \"flood\" with them"
        );
        ensure!(
            !open_loop || self.generator != Generator::Wrk,
            "wrk offers no rate; give generator = \"flood\" or \"oha\" with offered_percent or offered_rate_per_s"
        );
        ensure!(
            open_loop || self.generator != Generator::Oha,
            "oha is for open loops; give offered_percent or offered_rate_per_s with it"
        );
        ensure!(
            self.offered_percent.is_none() || self.offered_rate_per_s.is_none(),
            "offered_percent and offered_rate_per_s exclude each other"
        );
        ensure!(
            self.pipeline == 1 || !(open_loop || self.requests_per_connection.is_some()),
            "pipeline is for closed loops on connections that stay"
        );
        ensure!(
            !(open_loop && self.requests_per_connection.is_some()),
            "requests_per_connection is for closed loops"
        );
        ensure!(
            self.client_nofile.is_none() || self.generator == Generator::Wrk,
            "client_nofile is for wrk: the other load generators refuse to begin with too few files"
        );
        Ok(())
    }

    fn is_open_loop(&self) -> bool {
        self.offered_percent.is_some() || self.offered_rate_per_s.is_some()
    }

    /// The load points, for a server of at most `most` workers; the rate of an `offered_percent` is open.
    pub(super) fn points(&self, most: u32) -> Vec<LoadPoint> {
        let with = |workers| LoadPoint {
            connections: self.connections,
            pipeline: self.pipeline,
            offered_rate_per_s: self.offered_rate_per_s,
            generator: self.generator,
            idle_connections: self.idle_connections,
            requests_per_connection: self.requests_per_connection,
            body_bytes: self.body_bytes,
            workers,
            client_nofile: self.client_nofile,
        };
        match self.workers {
            None => vec![with(None)],
            Some(Workers::Exactly(workers)) => vec![with(Some(workers))],
            Some(Workers::Each) => each(most).map(Some).map(with).collect(),
        }
    }

    /// What is to fail at one of its points.
    pub(super) fn expected_at(&self, point: &LoadPoint) -> Option<Expected> {
        self.expect.map(|expect| Expected {
            connections_open: expect.connections_open,
            socket_errors_connect: expect.socket_errors_connect,
            load: point.clone(),
        })
    }
}

/// From one to `most`: each of the first ones, then steps of a half or a third, and `most` itself.
fn each(most: u32) -> impl Iterator<Item = u32> {
    let keep = move |workers: &u32| {
        let third = workers.is_multiple_of(3).then(|| workers / 3);
        let step = workers.is_power_of_two() || third.is_some_and(u32::is_power_of_two);
        *workers <= EACH_WORKERS || *workers == most || step
    };
    (1..=most).filter(keep)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_of_workers_is_a_point_until_there_are_many() {
        let counts = |most| each(most).collect::<Vec<u32>>();
        assert_eq!(counts(1), [1]);
        assert_eq!(counts(5), [1, 2, 3, 4, 5]);
        assert_eq!(counts(40), [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 40]);
    }
}
