//! A plan whose rates may still be open: those that are a share of what the slowest arm can do are set
//! by the calibration.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use records::{LeftOut, LoadPoint, Placement, Plan, SCHEMA_VERSION};

use super::Experiment;
use super::rule::rule;
use crate::arms::Arms;
use crate::preflight::Limits;
use crate::processors::{Layout, Wanted};

/// A plan whose rates may still be open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The plan. A load whose rate is open has none in it.
    pub plan: Plan,
    /// Position among the plan's loads -> hundredths of the slowest arm's capacity that it offers.
    pub percents: BTreeMap<usize, u32>,
}

impl Experiment {
    /// The experiment fitted to the processors and the limits at hand: `cpus` are this machine's, and
    /// `lay_out` gives each side its own.
    ///
    /// # Errors
    /// When an arm does not exist, the processors are too few, or nothing is left to measure.
    pub fn draft(
        &self,
        arms: &Arms,
        cpus: &[u32],
        lay_out: impl FnOnce(&Wanted) -> Result<Layout>,
        seed: u64,
        limits: &Limits,
    ) -> Result<Draft> {
        let arms = self.entries(arms)?;
        let too_few = |least| u32::try_from(cpus.len()).is_ok_and(|count| count < least);
        let placement = match self.shared_below {
            Some(least) if too_few(least) => Placement::Shared,
            _ => self.placement,
        };
        let wanted = Wanted {
            placement,
            workers: self.workers,
            client_threads: self.client_threads,
            loads: &self.load_points(),
        };
        let layout = lay_out(&wanted)?;
        let mut plan = Plan {
            schema_version: SCHEMA_VERSION,
            experiment: self.name.clone(),
            host: "local".to_owned(),
            seed,
            blocks: self.blocks,
            stop: rule(self.half_width_percent, self.budget_s)?,
            window_s: self.window_s,
            warm_up_ms: self.warm_up_ms,
            workers: layout.workers,
            client_threads: layout.client_threads,
            placement: layout.placement,
            scheduling: self.scheduling,
            server_cpus: layout.server_cpus,
            client_cpus: layout.client_cpus,
            load_points: Vec::new(),
            left_out: Vec::new(),
            expected: Vec::new(),
            arms,
        };
        let percents = self.add_loads(&mut plan, limits)?;
        Ok(Draft { plan, percents })
    }

    fn add_loads(&self, plan: &mut Plan, limits: &Limits) -> Result<BTreeMap<usize, u32>> {
        let mut percents = BTreeMap::new();
        for load in &self.loads {
            for point in load.points(plan.workers) {
                let workers = point.workers.unwrap_or(1);
                ensure!(
                    plan.placement == Placement::Shared || workers <= plan.workers,
                    "a load asks for {workers} workers, and the server has {} processors; lower `workers`",
                    plan.workers
                );
                let shortage = limits.shortage(&point).filter(|_| load.when_possible);
                if let Some(because) = shortage {
                    plan.left_out.push(LeftOut {
                        because,
                        load: point,
                    });
                    continue;
                }
                if let Some(percent) = load.offered_percent {
                    percents.insert(plan.load_points.len(), percent);
                }
                plan.expected.extend(load.expected_at(&point));
                plan.load_points.push(point);
            }
        }
        ensure!(
            !plan.load_points.is_empty(),
            "this machine's limits leave no load: {}",
            plan.left_out[0].because
        );
        Ok(percents)
    }
}

impl From<Plan> for Draft {
    /// A plan of which nothing is open.
    fn from(plan: Plan) -> Self {
        Self {
            plan,
            percents: BTreeMap::new(),
        }
    }
}

impl Draft {
    /// The loads whose rates are open, each once, as closed loops: their capacity sets the rates.
    pub fn closed_loops(&self) -> BTreeSet<LoadPoint> {
        let open = self.percents.keys();
        open.map(|number| closed_loop(&self.plan.load_points[*number]))
            .collect()
    }

    /// The plan, with rates from the slowest arm's requests a second at each of the closed loops.
    ///
    /// # Errors
    /// When one is not known.
    pub fn resolve(self, slowest_per_s: &BTreeMap<LoadPoint, u64>) -> Result<Plan> {
        let mut plan = self.plan;
        for (number, percent) in self.percents {
            let load = &mut plan.load_points[number];
            let capacity = slowest_per_s
                .get(&closed_loop(load))
                .context("the capacity at a load was not measured")?;
            load.offered_rate_per_s = Some((capacity * u64::from(percent) / 100).max(1));
        }
        Ok(plan)
    }

    /// The plan, with the rates of the stored one, where it is the same otherwise.
    pub fn resolve_as(self, stored: &Plan) -> Plan {
        let mut plan = self.plan;
        for number in self.percents.into_keys() {
            if let Some(load) = stored.load_points.get(number) {
                plan.load_points[number].offered_rate_per_s = load.offered_rate_per_s;
            }
        }
        plan
    }
}

/// The closed loop by which the rate of an open one is set. It is flood's for all, as oha offers a rate
/// that is not its own limit.
fn closed_loop(load: &LoadPoint) -> LoadPoint {
    LoadPoint {
        offered_rate_per_s: None,
        generator: records::Generator::Flood,
        ..load.clone()
    }
}
