//! What is measured before the first block: the load generators' ceilings, and the capacity that an
//! open loop's rates are a share of.
//!
//! A ceiling is measured in the run's own layout, against a floor that has as many workers as the
//! server has processors; where the load generator has more processors than threads, with a thread a
//! processor as well; and where it has several, with half of them and the rest for the server. With
//! two processors in all, each side has one and nothing is to spare: then the row is the ceiling if the
//! load generator was the busier side, and a lower bound of it if the server was. Where both share
//! their processors there is no ceiling of one side, and none is measured.

mod capacity;
mod ceiling;
mod record;

use anyhow::{Result, ensure};
use records::{ArmEntry, CalibrationRecord, LoadPoint, Plan, Purpose};

pub use capacity::slowest_per_s;
pub use record::write;

use crate::experiment::Draft;
use crate::measure::Measurer;
use crate::runner::{Executor, Measured};
use crate::schedule::Cell;

/// The arms that a ceiling is measured with: the first that serves.
pub const CHEAPEST: [&str; 2] = ["uring-floor", "epoll-floor"];

/// Length of a window. It is not the plan's, which may be half a minute.
const WINDOW_S: u32 = 1;
const WARM_UP_MS: u32 = 100;

/// One measurement to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is for.
    pub purpose: Purpose,
    /// The plan, with the threads and processors of this measurement.
    pub plan: Plan,
    /// The arm.
    pub arm: ArmEntry,
    /// The load.
    pub load: LoadPoint,
}

/// Measures cells by any plan.
pub trait Calibrator {
    /// Measures one.
    ///
    /// # Errors
    /// When no further one can be measured.
    fn measure(&mut self, plan: &Plan, cell: &Cell) -> Result<Measured>;
}

impl Calibrator for Measurer {
    fn measure(&mut self, plan: &Plan, cell: &Cell) -> Result<Measured> {
        let run = std::mem::replace(&mut self.plan, plan.clone());
        let measured = Executor::measure(self, cell);
        self.plan = run;
        measured
    }
}

/// The measurements to make for a plan: ceilings with `cheapest`, where there is such an arm, and
/// capacities where rates are open.
pub fn steps(draft: &Draft, cheapest: Option<&ArmEntry>) -> Vec<Step> {
    let mut plan = draft.plan.clone();
    plan.window_s = WINDOW_S;
    plan.warm_up_ms = plan.warm_up_ms.min(WARM_UP_MS);
    let mut steps = Vec::new();
    if let Some(arm) = cheapest {
        steps.extend(ceiling::steps(draft, &plan, arm));
    }
    steps.extend(capacity::steps(draft, &plan));
    steps
}

/// Makes the measurements, until one is `interrupted`. A failed one is a record too.
///
/// # Errors
/// When none is interrupted and there are too many.
pub fn run(
    steps: &[Step],
    calibrator: &mut impl Calibrator,
    interrupted: impl Fn() -> bool,
) -> Result<Vec<CalibrationRecord>> {
    let mut records = Vec::new();
    for (sequence, step) in (0u32..).zip(steps) {
        let cell = Cell {
            block: 0,
            sequence,
            arm: step.arm.clone(),
            load: step.load.clone(),
        };
        let measured = calibrator.measure(&step.plan, &cell)?;
        if interrupted() {
            break;
        }
        ensure!(
            measured.row.arm == step.arm.name,
            "another arm was measured than asked for"
        );
        records.push(CalibrationRecord {
            purpose: step.purpose,
            client_threads: step.plan.client_threads,
            server_cpus: step.plan.server_cpus.clone(),
            client_cpus: step.plan.client_cpus.clone(),
            measurement: measured.row,
        });
    }
    Ok(records)
}

#[cfg(test)]
mod tests;
