//! Which processors the server gets, and which the load generator.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use records::LoadPoint;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// A number of threads: `auto`, or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// As many as its processors.
    Auto,
    /// Exactly these many.
    Exactly(u32),
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Word(String),
            Number(u32),
        }
        match Raw::deserialize(deserializer)? {
            Raw::Word(word) if word == "auto" => Ok(Self::Auto),
            Raw::Number(number @ 1..=1024) => Ok(Self::Exactly(number)),
            Raw::Word(_) | Raw::Number(_) => {
                Err(D::Error::custom("give \"auto\" or a number from 1 to 1024"))
            }
        }
    }
}

/// Threads and processors of both sides. Without processors a side is not pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Worker threads of the server.
    pub workers: u32,
    /// Threads of the load generator.
    pub client_threads: u32,
    /// The server's processors.
    pub server_cpus: Vec<u32>,
    /// The load generator's processors.
    pub client_cpus: Vec<u32>,
}

/// The processors this process may use, those that share a core next to each other.
///
/// # Errors
/// When the kernel does not say.
pub fn available() -> Result<Vec<u32>> {
    let set = sched_getaffinity(Pid::from_raw(0)).context("cannot read the processors")?;
    let mut cores: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for cpu in (0..CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false)) {
        let cpu = u32::try_from(cpu)?;
        cores.entry(first_sibling(cpu)).or_default().push(cpu);
    }
    Ok(cores.into_values().flatten().collect())
}

/// The lowest processor of the same core; the processor itself where the kernel does not tell.
fn first_sibling(cpu: u32) -> u32 {
    let path = format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
    let siblings = std::fs::read_to_string(path).unwrap_or_default();
    let digits = siblings
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .unwrap_or("");
    digits.parse().unwrap_or(cpu)
}

/// Confines the calling thread, and what it starts from now on, to `cpus`; none changes nothing.
///
/// # Errors
/// When the kernel refuses, as for a processor that is offline.
pub fn confine(cpus: &[u32]) -> nix::Result<()> {
    if cpus.is_empty() {
        return Ok(());
    }
    let mut set = CpuSet::new();
    for cpu in cpus {
        set.set(*cpu as usize)?;
    }
    sched_setaffinity(Pid::from_raw(0), &set)
}

/// Places `workers` and `client_threads` on `cpus`: the server on the first, the load generator on
/// the rest. `auto` halves them.
///
/// # Errors
/// When there are too few processors and sharing them was not asked for.
pub fn place(
    cpus: &[u32],
    workers: Count,
    client_threads: Count,
    loads: &[LoadPoint],
    oversubscribe: bool,
) -> Result<Placement> {
    let available = u32::try_from(cpus.len())?;
    let half = (available / 2).max(1);
    let server = match workers {
        Count::Auto => half,
        Count::Exactly(workers) => workers,
    };
    let client = match client_threads {
        Count::Auto => 1,
        // Twelve threads of wrk run on fewer processors, but one would hold them all back.
        Count::Exactly(threads) => threads.min(2),
    };
    let needed = server.saturating_add(client);
    if available < needed {
        ensure!(
            oversubscribe,
            "this needs {needed} processors ({server} for the server, at least {client} for the load \
             generator), and this process may use {available}; use `quick`, or --oversubscribe to run it anyway"
        );
        return Ok(Placement {
            workers: server,
            client_threads: threads(client_threads, half, loads)?,
            server_cpus: Vec::new(),
            client_cpus: Vec::new(),
        });
    }
    let (server_cpus, rest) = cpus.split_at(server as usize);
    Ok(Placement {
        workers: server,
        client_threads: threads(client_threads, u32::try_from(rest.len())?, loads)?,
        server_cpus: server_cpus.to_vec(),
        client_cpus: rest.to_vec(),
    })
}

/// As asked; else the most threads that have a processor each and divide every number of connections.
fn threads(asked: Count, processors: u32, loads: &[LoadPoint]) -> Result<u32> {
    let divides = |threads: &u32| loads.iter().all(|load| load.connections % threads == 0);
    let threads = match asked {
        Count::Auto => (1..=processors).rev().find(divides).unwrap_or(1),
        Count::Exactly(threads) => threads,
    };
    for load in loads {
        ensure!(
            load.connections >= threads,
            "{} connections cannot be spread over {threads} threads of the load generator; lower client_threads",
            load.connections
        );
    }
    Ok(threads)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loads(connections: &[u32]) -> Vec<LoadPoint> {
        let load = |connections: &u32| LoadPoint {
            connections: *connections,
            pipeline: 1,
            offered_rate_per_s: None,
        };
        connections.iter().map(load).collect()
    }

    fn auto(cpus: u32) -> Placement {
        let cpus: Vec<u32> = (0..cpus).collect();
        let loads = loads(&[50, 500, 2000]);
        place(&cpus, Count::Auto, Count::Auto, &loads, false).unwrap()
    }

    #[test]
    fn auto_halves_the_processors_and_threads_divide_the_connections() {
        let two = auto(2);
        assert_eq!((two.workers, two.client_threads), (1, 1));
        assert_eq!((two.server_cpus, two.client_cpus), (vec![0], vec![1]));
        let eight = auto(8);
        assert_eq!((eight.workers, eight.client_threads), (4, 2));
        assert_eq!(eight.client_cpus, [4, 5, 6, 7]);
        assert_eq!(auto(20).client_threads, 10);
    }

    #[test]
    fn too_few_processors_are_refused_or_shared_openly() {
        let eight_workers = |cpus: u32, share| {
            let cpus: Vec<u32> = (0..cpus).collect();
            let (workers, threads) = (Count::Exactly(8), Count::Exactly(12));
            place(&cpus, workers, threads, &loads(&[50]), share)
        };
        let message = eight_workers(9, false).unwrap_err().to_string();
        assert!(message.contains("needs 10 processors"), "{message}");
        assert!(message.contains("may use 9"), "{message}");
        assert!(message.contains("--oversubscribe"), "{message}");
        let shared = eight_workers(2, true).unwrap();
        assert_eq!((shared.workers, shared.client_threads), (8, 12));
        assert!(shared.server_cpus.is_empty() && shared.client_cpus.is_empty());
        assert_eq!(eight_workers(10, true).unwrap().client_cpus, [8, 9]);
    }

    #[test]
    fn more_threads_than_connections_are_refused() {
        let result = place(&[0, 1], Count::Auto, Count::Exactly(4), &loads(&[3]), true);
        assert!(result.unwrap_err().to_string().contains("client_threads"));
    }

    #[test]
    fn this_machine_has_a_processor_and_takes_a_confinement() {
        let cpus = available().unwrap();
        assert!(!cpus.is_empty());
        std::thread::spawn(move || confine(&cpus[..1]).unwrap())
            .join()
            .unwrap();
    }
}
