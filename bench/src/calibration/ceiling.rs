//! How much a load generator can do.

use records::{ArmEntry, Generator, LoadPoint, Placement, Plan, Purpose};

use super::Step;
use crate::experiment::Draft;
use crate::plan::estimate_ms;

/// The share of a run that its ceilings may take, at most: one in so many. One window is always taken.
const RUNS: u64 = 10;

/// The measurements, those in the run's own layout first.
pub(super) fn steps(draft: &Draft, plan: &Plan, arm: &ArmEntry) -> Vec<Step> {
    if plan.placement == Placement::Shared {
        return Vec::new();
    }
    let loads = closed_loops(draft);
    let layouts = layouts(plan);
    let all = layouts.iter().flat_map(|layout| {
        let fits = |load: &&LoadPoint| load.connections >= layout.client_threads;
        loads.iter().filter(fits).map(|load| Step {
            purpose: Purpose::ClientCeiling,
            plan: layout.clone(),
            arm: arm.clone(),
            load: load.clone(),
        })
    });
    let run = &draft.plan;
    let cells = run.arms.len() * run.load_points.len() * run.blocks as usize;
    let affordable = estimate_ms(run, cells) / RUNS / estimate_ms(plan, 1).max(1);
    all.take(usize::try_from(affordable).unwrap_or(usize::MAX).max(1))
        .collect()
}

/// The plan's loads as the load generator alone sees them, each once: as closed loops, without what only
/// the server notices.
fn closed_loops(draft: &Draft) -> Vec<LoadPoint> {
    let mut loads: Vec<LoadPoint> = Vec::new();
    for load in &draft.plan.load_points {
        let closed = LoadPoint {
            offered_rate_per_s: None,
            idle_connections: 0,
            workers: None,
            client_nofile: None,
            ..load.clone()
        };
        // oha has no closed loop that is comparable.
        if closed.generator != Generator::Oha && !loads.contains(&closed) {
            loads.push(closed);
        }
    }
    loads
}

/// The run's own layout; with a thread for each of the load generator's processors; with half of them.
fn layouts(plan: &Plan) -> Vec<Plan> {
    let with = |server: &[u32], client: &[u32], threads: usize| Plan {
        workers: u32::try_from(server.len()).unwrap_or(plan.workers).max(1),
        client_threads: u32::try_from(threads).unwrap_or(plan.client_threads),
        server_cpus: server.to_vec(),
        client_cpus: client.to_vec(),
        ..plan.clone()
    };
    let (server, client) = (&plan.server_cpus, &plan.client_cpus);
    let threads = plan.client_threads as usize;
    let mut layouts = vec![with(server, client, threads)];
    if client.len() > threads {
        layouts.push(with(server, client, client.len()));
    }
    if client.len() > 1 {
        let (kept, given) = client.split_at(client.len() / 2);
        layouts.push(with(&[server, given].concat(), kept, kept.len()));
    }
    layouts
}
