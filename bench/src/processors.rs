//! Which processors the server gets, and which the load generator.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use records::{LoadPoint, Placement};
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
pub struct Layout {
    /// Which processors the two sides run on.
    pub placement: Placement,
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

/// What is to be laid out.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Which processors the two sides shall run on.
    pub placement: Placement,
    /// Worker threads of the server.
    pub workers: Count,
    /// Threads of the load generator.
    pub client_threads: Count,
    /// The loads.
    pub loads: &'a [LoadPoint],
}

impl Default for Wanted<'_> {
    /// A server without a load, apart.
    fn default() -> Self {
        Self {
            placement: Placement::Apart,
            workers: Count::Auto,
            client_threads: Count::Auto,
            loads: &[],
        }
    }
}

/// Lays the two sides out on `cpus`. Apart, the server has the first and the load generator the rest,
/// and `auto` halves them; shared, nothing is pinned, and `auto` is all of them for either side.
///
/// # Errors
/// When there are too few processors and sharing them was not asked for.
pub fn lay_out(cpus: &[u32], wanted: &Wanted, oversubscribe: bool) -> Result<Layout> {
    let available = u32::try_from(cpus.len())?;
    match wanted.placement {
        Placement::Shared => shared(wanted, available),
        Placement::Apart => apart(cpus, wanted, available, oversubscribe),
    }
}

/// Lays the two sides out on a machine each: `auto` is all of its processors for either side.
///
/// # Errors
/// When the server's machine has too few, or the sides are to share processors.
pub fn lay_out_apart(
    server_cpus: &[u32],
    client_cpus: &[u32],
    wanted: &Wanted,
    oversubscribe: bool,
) -> Result<Layout> {
    ensure!(
        wanted.placement == Placement::Apart,
        "server and load generator cannot share processors of two machines; use --placement apart, or another --host"
    );
    let available = u32::try_from(server_cpus.len())?;
    let workers = match wanted.workers {
        Count::Auto => available,
        Count::Exactly(workers) => workers,
    };
    ensure!(
        workers <= available || oversubscribe,
        "{workers} workers need as many processors, and the server's machine has {available} to use; use `quick`, or \
         --oversubscribe to run it anyway"
    );
    let pinned = workers.min(available) as usize;
    let own = u32::try_from(client_cpus.len())?;
    Ok(Layout {
        placement: Placement::Apart,
        workers,
        client_threads: threads(wanted.client_threads, own, wanted.loads)?,
        server_cpus: server_cpus.get(..pinned).unwrap_or_default().to_vec(),
        client_cpus: client_cpus.to_vec(),
    })
}

/// `auto` is `processors` for either side.
fn shared(wanted: &Wanted, processors: u32) -> Result<Layout> {
    Ok(Layout {
        placement: Placement::Shared,
        workers: match wanted.workers {
            Count::Auto => processors,
            Count::Exactly(workers) => workers,
        },
        client_threads: threads(wanted.client_threads, processors, wanted.loads)?,
        server_cpus: Vec::new(),
        client_cpus: Vec::new(),
    })
}

fn apart(cpus: &[u32], wanted: &Wanted, available: u32, oversubscribe: bool) -> Result<Layout> {
    let half = (available / 2).max(1);
    let server = match wanted.workers {
        Count::Auto => half,
        Count::Exactly(workers) => workers,
    };
    let client = match wanted.client_threads {
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
        return shared(wanted, half);
    }
    let (server_cpus, rest) = cpus.split_at(server as usize);
    Ok(Layout {
        placement: Placement::Apart,
        workers: server,
        client_threads: threads(
            wanted.client_threads,
            u32::try_from(rest.len())?,
            wanted.loads,
        )?,
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
        let load = |connections: &u32| crate::load::closed_loop(*connections, 1);
        connections.iter().map(load).collect()
    }

    fn cpus(count: u32) -> Vec<u32> {
        (0..count).collect()
    }

    fn auto(count: u32) -> Layout {
        let loads = loads(&[50, 500, 2000]);
        let wanted = Wanted {
            loads: &loads,
            ..Wanted::default()
        };
        lay_out(&cpus(count), &wanted, false).unwrap()
    }

    #[test]
    fn two_machines_have_all_of_their_processors() {
        let loads = loads(&[50, 500]);
        let mut wanted = Wanted {
            loads: &loads,
            ..Wanted::default()
        };
        let layout = lay_out_apart(&cpus(8), &cpus(4), &wanted, false).unwrap();
        assert_eq!((layout.workers, layout.client_threads), (8, 2));
        assert_eq!((layout.server_cpus, layout.client_cpus), (cpus(8), cpus(4)));
        wanted.workers = Count::Exactly(2);
        let layout = lay_out_apart(&cpus(8), &cpus(4), &wanted, false).unwrap();
        assert_eq!(layout.server_cpus, [0, 1]);
        let few = lay_out_apart(&cpus(1), &cpus(4), &wanted, false).unwrap_err();
        assert!(few.to_string().contains("--oversubscribe"), "{few}");
        let layout = lay_out_apart(&cpus(1), &cpus(4), &wanted, true).unwrap();
        assert_eq!((layout.workers, layout.server_cpus), (2, cpus(1)));
        wanted.placement = Placement::Shared;
        assert!(lay_out_apart(&cpus(8), &cpus(4), &wanted, true).is_err());
    }

    #[test]
    fn auto_halves_the_processors_and_threads_divide_the_connections() {
        let two = auto(2);
        assert_eq!(two.placement, Placement::Apart);
        assert_eq!((two.workers, two.client_threads), (1, 1));
        assert_eq!((two.server_cpus, two.client_cpus), (vec![0], vec![1]));
        let eight = auto(8);
        assert_eq!((eight.workers, eight.client_threads), (4, 2));
        assert_eq!(eight.client_cpus, [4, 5, 6, 7]);
        assert_eq!(auto(20).client_threads, 10);
    }

    #[test]
    fn shared_processors_are_all_for_both_and_nothing_is_pinned() {
        let loads = loads(&[50, 500]);
        let wanted = Wanted {
            placement: Placement::Shared,
            loads: &loads,
            ..Wanted::default()
        };
        let layout = lay_out(&cpus(8), &wanted, false).unwrap();
        assert_eq!((layout.workers, layout.client_threads), (8, 5));
        assert!(layout.server_cpus.is_empty() && layout.client_cpus.is_empty());
        assert_eq!(layout.placement, Placement::Shared);
        let wanted = Wanted {
            workers: Count::Exactly(3),
            client_threads: Count::Exactly(2),
            ..wanted
        };
        let layout = lay_out(&cpus(1), &wanted, false).unwrap();
        assert_eq!((layout.workers, layout.client_threads), (3, 2));
    }

    #[test]
    fn too_few_processors_are_refused_or_shared_openly() {
        let loads = loads(&[50]);
        let eight_workers = |count: u32, share| {
            let wanted = Wanted {
                workers: Count::Exactly(8),
                client_threads: Count::Exactly(12),
                loads: &loads,
                ..Wanted::default()
            };
            lay_out(&cpus(count), &wanted, share)
        };
        let message = eight_workers(9, false).unwrap_err().to_string();
        assert!(message.contains("needs 10 processors"), "{message}");
        assert!(message.contains("may use 9"), "{message}");
        assert!(message.contains("--oversubscribe"), "{message}");
        let shared = eight_workers(2, true).unwrap();
        assert_eq!((shared.workers, shared.client_threads), (8, 12));
        assert_eq!(shared.placement, Placement::Shared);
        assert!(shared.server_cpus.is_empty() && shared.client_cpus.is_empty());
        assert_eq!(eight_workers(10, true).unwrap().client_cpus, [8, 9]);
    }

    #[test]
    fn more_threads_than_connections_are_refused() {
        let loads = loads(&[3]);
        let wanted = Wanted {
            client_threads: Count::Exactly(4),
            loads: &loads,
            ..Wanted::default()
        };
        let result = lay_out(&[0, 1], &wanted, true);
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
