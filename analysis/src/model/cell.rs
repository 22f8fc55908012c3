//! A cell: an arm at a load point, over all blocks.

use std::collections::{BTreeMap, BTreeSet};

use hdrhistogram::Histogram;
use rayon::prelude::*;
use records::{LoadPoint, Placement, SeriesRecord};

use super::judged::{self, Judged};
use super::{Drift, Windows, drift, series};
use crate::bottleneck::{self, Bottleneck, Busy, SATURATED};
use crate::frame::FrameError;
use crate::gates::{Failure, Setting, bits_per_s};
use crate::load::{CellLatencies, Curve, Key, Run};
use crate::metric::{Derived, Metric};
use crate::stats::Estimate;
use crate::stats::level::median_estimate;
use crate::text::{load_id, slug};

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
    /// Medians over the measurements that have the quantity, valid or not, but for those left out.
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
    /// How its windows went.
    pub windows: Windows,
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

    /// How its windows went, of a valid cell where that was recorded.
    pub fn quotable_windows(&self) -> Option<&Windows> {
        Some(&self.windows).filter(|windows| self.valid() && windows.blocks > 0)
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

/// All cells of the plan, also those without a measurement.
pub(super) fn cells(run: &mut Run, judged: &Judged) -> Result<Vec<Cell>, FrameError> {
    let counted: Vec<bool> = (run.rows.iter())
        .map(|row| judged.counts(&row.key))
        .collect();
    let medians = judged.measures.cell_medians(&counted)?;
    let mut latencies = std::mem::take(&mut run.latencies);
    let mut series = series::by_cell(run);
    let mut all = Vec::new();
    for arm in 0..run.plan.arms.len() {
        for point in 0..run.plan.load_points.len() {
            let medians = (medians.iter())
                .find(|cell| (cell.arm, cell.point) == (arm, point))
                .map(|cell| cell.medians)
                .unwrap_or_default();
            let parts = Parts {
                medians,
                latencies: latencies.remove(&(arm, point)).unwrap_or_default(),
                series: series.remove(&(arm, point)).unwrap_or_default(),
            };
            all.push(((arm, point), parts));
        }
    }
    let run = &*run;
    let cells = all.into_par_iter();
    Ok(cells
        .map(|(place, parts)| cell(run, judged, place, parts))
        .collect())
}

/// What was summarised of a cell before.
struct Parts {
    medians: Derived,
    latencies: CellLatencies,
    series: Vec<SeriesRecord>,
}

fn cell(run: &Run, judged: &Judged, (arm, point): (usize, usize), parts: Parts) -> Cell {
    let from = (run.rows).partition_point(|row| (row.key.arm, row.key.point) < (arm, point));
    let to = (run.rows).partition_point(|row| (row.key.arm, row.key.point) <= (arm, point));
    let why = |row: usize| {
        let block = run.rows[row].key.block;
        (judged.failures[row].iter()).map(move |why| (block, why.clone()))
    };
    let (left_out, failures): (Vec<_>, Vec<_>) =
        (from..to).flat_map(why).partition(|(block, why)| {
            let block = *block;
            why.is_disturbance() && !judged.counts(&Key { arm, point, block })
        });
    let rows: Vec<usize> = (from..to)
        .filter(|row| judged.counts(&run.rows[*row].key))
        .collect();
    let derived = judged.measures.rows();
    let estimate = |metric: Metric| {
        let values: Vec<f64> = rows
            .iter()
            .filter_map(|row| derived[*row].get(metric))
            .collect();
        median_estimate(&values).map(|estimate| (metric, estimate))
    };
    let load = &run.plan.load_points[point];
    let busy = busy(run, &judged::setting(run), load, &parts.medians, &rows);
    let series: Vec<&SeriesRecord> = (parts.series.iter())
        .filter(|record| {
            let block = record.block;
            judged.counts(&Key { arm, point, block })
        })
        .collect();
    let corrected_by: Vec<String> = parts.latencies.corrected_by.into_iter().collect();
    Cell {
        arm,
        point,
        arm_name: run.plan.arms[arm].name.clone(),
        load: load.clone(),
        measured: to - from,
        medians: parts.medians,
        estimates: WITH_INTERVAL.into_iter().filter_map(estimate).collect(),
        bottleneck: match run.plan.placement {
            Placement::Apart => Bottleneck::of(&busy),
            Placement::Shared => Bottleneck::of_shared(parts.medians.get(Metric::MachineBusy)),
        },
        busy,
        drifts: drift::drifts(rows.iter().map(|row| &derived[*row]), &series),
        windows: Windows::of(series.into_iter()),
        corrected_by: corrected_by.join(", "),
        curves: (parts.latencies.curves.into_iter())
            .map(|(_, curve)| curve)
            .collect(),
        latencies: parts.latencies.all,
        failures,
        left_out,
    }
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
