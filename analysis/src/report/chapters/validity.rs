//! How far the numbers can be trusted: blocks, gates, foreign CPU, noise floor, power.

use rayon::prelude::*;
use records::EndReason;

use super::{Block, heading, subheading};
use crate::gates::{FOREIGN_CPU_LIMIT, STEAL_LIMIT, binds};
use crate::metric::Metric;
use crate::model::{Cell, Outcome, Study};
use crate::stats::power::{self, MOST_DETECTABLE, WANTED};
use crate::stats::{MIN_BLOCKS, Seed, median};
use crate::tables;
use crate::text::{Prose, fixed, load_name, percent};

pub(super) fn chapter(study: &Study) -> Vec<Block> {
    let mut blocks = vec![heading("validity", "Validity")];
    let invalid = tables::invalid(study);
    let mut points = vec![
        measurements(study),
        ended(study),
        not_measured(study),
        shares(
            study,
            Metric::ForeignShare,
            "Foreign CPU",
            FOREIGN_CPU_LIMIT,
        ),
        shares(study, Metric::StealShare, "Steal", STEAL_LIMIT),
        little(study),
    ];
    points.extend(
        [Metric::CpuUsPerRequest, Metric::RequestsPerSecond]
            .into_iter()
            .map(|metric| noise(study, metric)),
    );
    points.push(detectable(study));
    points.retain(|point| !point.is_empty());
    blocks.push(Block::List(points));
    if !invalid.lines.is_empty() {
        blocks.push(Block::Table {
            table: invalid,
            anchors: false,
        });
    }
    blocks.push(subheading("gates", "Gates"));
    blocks.push(Block::Table {
        table: tables::gates(study),
        anchors: false,
    });
    blocks.push(Block::Paragraph(Prose::from(
        "Ratios are paired inside blocks; the estimate is the median of the means of all pairs of \
         blocks (Hodges and Lehmann), the 95 % interval that of Wilcoxon's signed ranks, which is exact for \
         any noise that both arms share. A cell's own number is the median over its blocks, with an \
         interval from their order alone. A window in which other programs or the hypervisor took more than their limit is left out of \
         every estimate and ratio, whatever it shows, as long as no more than a quarter of a cell's \
         windows are. A cell with a single measurement that failed any other gate, or with more windows \
         left out, is invalid as a whole: it stays in the tables, marked, and no ratio, verdict or \
         headline uses it.",
    )));
    blocks
}

fn measurements(study: &Study) -> Prose {
    let invalid = study.cells.iter().filter(|c| c.measured > 0 && !c.valid());
    Prose::from(format!(
        "{} measurements of {} cells in {} blocks; {} of the cells are invalid, and {} windows were \
         left out as disturbed.",
        study.rows.len(),
        study.cells.len(),
        study.plan.blocks,
        invalid.count(),
        (study.cells.iter())
            .map(Cell::left_out_blocks)
            .sum::<usize>(),
    ))
}

/// The loads that the machine could not have.
fn not_measured(study: &Study) -> Prose {
    let loads: Vec<String> = (study.plan.left_out.iter())
        .map(|left| format!("{} ({})", load_name(&left.load), left.because))
        .collect();
    if loads.is_empty() {
        return Prose::new();
    }
    Prose::from(format!("Not measured: {}.", loads.join("; ")))
}

/// Why the run ended.
fn ended(study: &Study) -> Prose {
    let Some(end) = &study.end else {
        return Prose::from("The run is not finished.");
    };
    let rule = study.plan.stop.map_or_else(String::new, |rule| {
        format!(
            "its rule asks for {} either way of every headline ratio within {} s, and at least {} blocks",
            percent(f64::from(rule.half_width_permille) / 1000.0, 1),
            rule.budget_s,
            rule.least_blocks
        )
    });
    let why = match end.reason {
        EndReason::Blocks => return Prose::new(),
        EndReason::Sharp => "every headline ratio was sharp",
        EndReason::Budget => "its time was spent",
    };
    Prose::from(format!(
        "The run ended after {} blocks and {} s because {why}: {rule}. The rule sees how wide intervals \
         are, never where they lie.",
        end.blocks, end.elapsed_s
    ))
}

/// Median and largest share over all measurements.
fn shares(study: &Study, metric: Metric, name: &str, limit: f64) -> Prose {
    let found: Vec<f64> = (study.derived.iter())
        .filter_map(|row| row.get(metric))
        .collect();
    let Some(middle) = median(&found) else {
        return Prose::from(format!("{name} was not measured."));
    };
    let largest = found.iter().copied().fold(0.0, f64::max);
    Prose::from(format!(
        "{name}: median {}, largest {} of the machine (limit {}).",
        percent(middle, 1),
        percent(largest, 1),
        percent(limit, 0)
    ))
}

/// How far rate times latency is from the connections, where that is no gate.
fn little(study: &Study) -> Prose {
    let far = (study.cells.iter())
        .filter(|cell| uncertain(cell))
        .filter_map(|cell| {
            let asked = f64::from(cell.load.connections) * f64::from(cell.load.pipeline);
            Some((cell, cell.medians.get(Metric::InFlight)?, asked))
        })
        .max_by(|a, b| (a.1 / a.2).ln().abs().total_cmp(&(b.1 / b.2).ln().abs()));
    let Some((cell, in_flight, asked)) = far else {
        return Prose::new();
    };
    Prose::from(format!(
        "Little's law: requests a second times mean latency are the requests in flight. In every \
         valid cell of wrk they are within {} of those asked for; farthest for ",
        percent((in_flight / asked - 1.0).abs(), 1)
    ))
    .code(&cell.arm_name)
    .text(format!(
        " at {} ({} of {}). Stated and not a gate, because wrk corrects its mean latency, and counts in \
         none how long a connection waits to be sent on again.",
        load_name(&cell.load),
        fixed(in_flight, 1),
        fixed(asked, 0)
    ))
}

/// Whether the cell is of a closed loop in which the law is no gate.
fn uncertain(cell: &Cell) -> bool {
    let load = &cell.load;
    let closed = load.offered_rate_per_s.is_none() && load.requests_per_connection.is_none();
    cell.valid() && closed && !binds(load)
}

fn noise(study: &Study, metric: Metric) -> Prose {
    let Some(floor) = study.noise.largest(metric) else {
        return Prose::new();
    };
    Prose::from("Noise floor: ")
        .code(study.arm_name(floor.pair.ours))
        .text(" repeats ")
        .code(study.arm_name(floor.pair.base))
        .text(format!(
            "; in {} the interval reaches {} % from no difference at most, a ratio of ",
            metric.noun(),
            fixed(floor.estimate.reach() * 100.0, 1),
        ))
        .number(format!(
            "{} ({}\u{2013}{})",
            fixed(floor.estimate.value, 3),
            fixed(floor.estimate.low, 3),
            fixed(floor.estimate.high, 3)
        ))
        .text(format!(" at {}.", load_name(study.load(floor.point))))
}

/// A simulation takes the square of this. A run of more blocks finds at least what so many find.
const MOST_SIMULATED_BLOCKS: usize = 60;

/// The least difference that a run with this noise and these blocks tells from none.
fn detectable(study: &Study) -> Prose {
    let metric = Metric::CpuUsPerRequest;
    let logs = |pair, point| match &study.ratio(pair, point, metric)?.outcome {
        Outcome::Measured { log_ratios, .. } => Some(log_ratios),
        Outcome::Invalid(_) | Outcome::NotMeasured => None,
    };
    // Our claims: they are decided together, each by the blocks of its own.
    let ours = |point| logs(study.headline_pair()?, point).map(Vec::len);
    let points = 0..study.plan.load_points.len();
    let family = points.filter(|point| ours(*point).is_some()).count();
    let of_loads: Vec<(usize, &Vec<f64>)> = (study.noise.controls().iter())
        .flat_map(|&pair| (0..study.plan.load_points.len()).map(move |point| (pair, point)))
        .filter_map(|(pair, point)| Some((point, logs(pair, point)?)))
        .filter(|(point, logs)| logs.len() >= MIN_BLOCKS && ours(*point).is_some())
        .collect();
    let found: Vec<String> = (of_loads.par_iter())
        .map(|(point, logs)| {
            let residuals = power::residuals(logs);
            let seed = Seed::new(study.plan.seed);
            let blocks = ours(*point).unwrap_or(0).min(MOST_SIMULATED_BLOCKS);
            let effect = power::detectable(&residuals, blocks, family, seed).map_or_else(
                || format!("more than {}", percent(MOST_DETECTABLE, 0)),
                |effect| percent(effect, 1),
            );
            let load = load_name(study.load(*point));
            format!("{effect} in {blocks} blocks at {load}")
        })
        .collect();
    if found.is_empty() {
        return Prose::new();
    }
    Prose::from(format!(
        "Power: with the noise that the repeat shows, {} of runs would tell this much less CPU a request \
         from none, if it were so at all {family} loads of our claims, which are judged together: {}.",
        percent(WANTED, 0),
        found.join("; ")
    ))
}
