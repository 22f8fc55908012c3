//! A cell: an arm at a load point, over all blocks.

use std::collections::{BTreeMap, BTreeSet};

use hdrhistogram::Histogram;
use records::{LoadPoint, Placement};

use super::{Drift, StudyError, drift};
use crate::bottleneck::{self, Bottleneck, Busy, SATURATED};
use crate::frame::CellMedians;
use crate::gates::{Failure, Setting, bits_per_s};
use crate::load::{CellLatencies, Curve, Row, Run};
use crate::metric::{Derived, Metric};
use crate::stats::level::median_estimate;
use crate::stats::{Estimate, MIN_BLOCKS};
use crate::text::{load_id, load_name, slug};

/// Quantities whose cell median gets an interval.
const WITH_INTERVAL: [Metric; 8] = [
    Metric::RequestsPerSecond,
    Metric::CpuUsPerRequest,
    Metric::LatencyMeanUs,
    Metric::LatencyP50Us,
    Metric::LatencyP99Us,
    Metric::KernelEntriesPerRequest,
    Metric::ServerCoresBusy,
    Metric::ServerRssBytes,
];

/// An arm at a load point, over all blocks.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Place of the arm in the plan.
    pub arm: usize,
    /// Place of the load point in the plan.
    pub point: usize,
    /// The arm's name.
    pub arm_name: String,
    /// The load point.
    pub load: LoadPoint,
    /// Measurements there are.
    pub measured: usize,
    /// Medians over all measurements that have the quantity, valid or not.
    pub medians: Derived,
    /// The same with intervals, for the quantities that are quoted.
    pub estimates: BTreeMap<Metric, Estimate>,
    /// Failed gates by block.
    pub failures: Vec<(u32, Failure)>,
    /// Windows that something else on the machine disturbed: left out of every estimate and ratio.
    /// When they are many, they are among the failures in place of here.
    pub left_out: Vec<(u32, Failure)>,
    /// What limited the cell.
    pub bottleneck: Option<Bottleneck>,
    /// What that was read from.
    pub busy: Busy,
    /// Trends where there should be none.
    pub drifts: Vec<Drift>,
    /// The latencies of all blocks in one histogram, microseconds.
    pub latencies: Option<Histogram<u64>>,
    /// The latencies of single blocks, of some where there are many.
    pub curves: Vec<Curve>,
    /// Who corrected them for coordinated omission, as recorded; empty without latencies.
    pub corrected_by: String,
}

impl Cell {
    /// Whether the cell's numbers may be quoted: measured, and every measurement valid.
    pub fn valid(&self) -> bool {
        self.measured > 0 && self.failures.is_empty()
    }

    /// Why not: the one failure, or how often which kind of failure; empty for a valid cell.
    pub fn invalid_because(&self) -> String {
        if self.measured == 0 {
            return "not measured".to_owned();
        }
        if let [(block, failure)] = self.failures.as_slice() {
            return format!("block {block}: {failure}");
        }
        let mut kinds: Vec<(String, usize)> = Vec::new();
        for (_, failure) in &self.failures {
            let kind = failure.kind();
            match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, count)) => *count += 1,
                None => kinds.push((kind, 1)),
            }
        }
        let reasons: Vec<String> = (kinds.into_iter())
            .map(|(kind, count)| format!("{kind} in {count} of {} blocks", self.measured))
            .collect();
        reasons.join("; ")
    }

    /// Windows that were left out as disturbed.
    pub fn left_out_blocks(&self) -> usize {
        let blocks: BTreeSet<u32> = self.left_out.iter().map(|(block, _)| *block).collect();
        blocks.len()
    }

    /// The estimate of a quantity, in a valid cell only.
    pub fn quotable(&self, metric: Metric) -> Option<Estimate> {
        self.estimates
            .get(&metric)
            .copied()
            .filter(|_| self.valid())
    }

    /// Whether the cell is valid and all the server's cores were saturated.
    pub fn saturated(&self) -> bool {
        let full = |busy| busy >= SATURATED;
        self.valid()
            && self.bottleneck.is_some_and(Bottleneck::server_full)
            && self.busy.server.is_some_and(full)
    }

    /// Identifier of the cell's row in the table of cells.
    pub fn id(&self) -> String {
        format!("cell-{}-{}", slug(&self.arm_name), load_id(&self.load))
    }
}

/// Most of a cell's windows that may be left out as disturbed: a quarter. With more the machine was
/// not fit to measure on, and who is hit is no longer chance.
fn too_many(left_out: usize, measured: usize) -> bool {
    left_out * 4 > measured || measured - left_out < MIN_BLOCKS.min(measured)
}

/// All cells of the plan, also those without a measurement.
pub(super) fn cells(
    run: &Run,
    setting: &Setting<'_>,
    derived: &[Derived],
    failures: &[Vec<Failure>],
    medians: &[CellMedians],
) -> Result<Vec<Cell>, StudyError> {
    let mut cells = Vec::new();
    for (arm, entry) in run.plan.arms.iter().enumerate() {
        for (point, load) in run.plan.load_points.iter().enumerate() {
            let rows: Vec<usize> = (0..run.rows.len())
                .filter(|row| run.rows[*row].key.arm == arm && run.rows[*row].key.point == point)
                .collect();
            let (disturbed, failed): (Vec<_>, Vec<_>) = (rows.iter())
                .flat_map(|row| {
                    let block = run.rows[*row].key.block;
                    failures[*row].iter().map(move |why| (block, why.clone()))
                })
                .partition(|(_, why)| why.is_disturbance());
            let blocks: BTreeSet<u32> = disturbed.iter().map(|(block, _)| *block).collect();
            let (failures, left_out) = if too_many(blocks.len(), rows.len()) {
                ([failed, disturbed].concat(), Vec::new())
            } else {
                (failed, disturbed)
            };
            let is_left_out = |row: &usize| {
                left_out
                    .iter()
                    .any(|(block, _)| *block == run.rows[*row].key.block)
            };
            let measured = rows.len();
            let rows: Vec<usize> = rows.into_iter().filter(|row| !is_left_out(row)).collect();
            let medians = medians
                .iter()
                .find(|cell| cell.arm == arm && cell.point == point)
                .map(|cell| cell.medians)
                .unwrap_or_default();
            let estimate = |metric: Metric| {
                let values: Vec<f64> = (rows.iter())
                    .filter_map(|row| derived[*row].get(metric))
                    .collect();
                median_estimate(&values).map(|estimate| (metric, estimate))
            };
            let busy = busy(run, setting, load, &medians, &rows);
            let latencies = latencies(run, (arm, point), &rows, left_out.is_empty())?;
            cells.push(Cell {
                arm,
                point,
                arm_name: entry.name.clone(),
                load: load.clone(),
                measured,
                medians,
                estimates: WITH_INTERVAL.into_iter().filter_map(estimate).collect(),
                bottleneck: match run.plan.placement {
                    Placement::Apart => Bottleneck::of(&busy),
                    Placement::Shared => Bottleneck::of_shared(medians.get(Metric::MachineBusy)),
                },
                busy,
                drifts: drift::drifts(run, derived, &rows),
                corrected_by: corrected_by(rows.iter().map(|row| &run.rows[*row])),
                curves: (latencies.curves.iter())
                    .filter(|(block, _)| !left_out.iter().any(|(left, _)| left == block))
                    .map(|(_, curve)| curve.clone())
                    .collect(),
                latencies: latencies.all.clone(),
                failures,
                left_out,
            });
        }
    }
    Ok(cells)
}

/// What was how busy, medians over the rows.
fn busy(
    run: &Run,
    setting: &Setting<'_>,
    load: &LoadPoint,
    medians: &Derived,
    rows: &[usize],
) -> Busy {
    let measurements = || rows.iter().map(|row| &run.rows[*row].measurement);
    let ceiling = bottleneck::ceiling(&run.plan, load, &run.calibrations);
    let rate = medians.get(Metric::RequestsPerSecond);
    Busy {
        server: medians.get(Metric::ServerCoresBusy),
        hottest_worker: bottleneck::median_of(measurements(), |row| {
            bottleneck::hottest(&row.server_cpu_by_thread_us, row)
        }),
        client: medians.get(Metric::ClientCoresBusy),
        hottest_client: bottleneck::median_of(measurements(), |row| {
            bottleneck::hottest(&row.client_cpu_by_thread_us, row)
        }),
        of_ceiling: rate.zip(ceiling).map(|(rate, ceiling)| rate / ceiling),
        link: bottleneck::median_of(measurements(), |row| {
            Some(bits_per_s(row)? / setting.link_bits_per_s? as f64)
        }),
    }
}

fn corrected_by<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let names: BTreeSet<&str> = rows
        .filter_map(|row| row.load.as_ref())
        .map(|load| load.corrected_by.as_str())
        .collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// The latencies of the rows that count: those of all blocks where none is left out.
fn latencies(
    run: &Run,
    cell: (usize, usize),
    rows: &[usize],
    all: bool,
) -> Result<CellLatencies, StudyError> {
    let recorded = run.latencies.get(&cell).cloned().unwrap_or_default();
    if all {
        return Ok(recorded);
    }
    let mut latencies = CellLatencies {
        all: None,
        ..recorded
    };
    for load in rows.iter().filter_map(|row| run.rows[*row].load.as_ref()) {
        let added = (load.histogram()).and_then(|histogram| {
            (latencies.add_histogram(histogram)).map_err(|fault| format!("{fault:?}"))
        });
        added.map_err(|fault| StudyError::Histogram {
            arm: run.plan.arms[cell.0].name.clone(),
            load: load_name(&run.plan.load_points[cell.1]),
            fault,
        })?;
    }
    Ok(latencies)
}
