//! How windows went: requests a second from step to step.

use std::collections::BTreeMap;

use records::SeriesRecord;

use crate::load::Run;
use crate::stats::median;

/// Blocks whose windows are kept each alone: more cannot be seen in one figure.
pub const MOST_BLOCKS: usize = 4;

/// Requests a second between two readings: the later one's time in milliseconds, and the rate.
pub type Rates = Vec<(u32, f64)>;

/// The windows of a cell that count.
#[derive(Clone, Debug, Default)]
pub struct Windows {
    /// Windows of which there are rates.
    pub blocks: usize,
    /// The median over blocks at each step that at least half of the blocks have.
    pub median: Rates,
    /// The first few, each alone.
    pub first: Vec<Rates>,
    /// The highest rate of all of them.
    pub highest: f64,
    /// The last reading of all of them, milliseconds.
    pub last_ms: u32,
}

impl Windows {
    /// Of a cell's records, in the order of their blocks.
    pub(super) fn of<'a>(records: impl Iterator<Item = &'a SeriesRecord>) -> Self {
        let all: Vec<Rates> = records
            .map(rates)
            .filter(|rates| !rates.is_empty())
            .collect();
        let readings = || all.iter().flatten();
        Self {
            blocks: all.len(),
            median: median_rates(&all),
            highest: readings().map(|(_, rate)| *rate).fold(0.0, f64::max),
            last_ms: readings().map(|(ms, _)| *ms).max().unwrap_or_default(),
            first: all.iter().take(MOST_BLOCKS).cloned().collect(),
        }
    }
}

/// Takes a run's records, by the places of arm and load point and in the order of blocks. A window without
/// a row was not judged, as the last of an interrupted run: it is left out.
pub(super) fn by_cell(run: &mut Run) -> BTreeMap<(usize, usize), Vec<SeriesRecord>> {
    let mut cells: BTreeMap<(usize, usize), Vec<SeriesRecord>> = BTreeMap::new();
    for record in std::mem::take(&mut run.series) {
        let arm = (run.plan.arms.iter()).position(|arm| arm.name == record.arm);
        let point = (run.plan.load_points.iter()).position(|load| *load == record.load);
        if let (Some(arm), Some(point)) = (arm, point)
            && (run.rows)
                .binary_search_by_key(&(arm, point, record.block), |row| {
                    (row.key.arm, row.key.point, row.key.block)
                })
                .is_ok()
        {
            cells.entry((arm, point)).or_default().push(record);
        }
    }
    for records in cells.values_mut() {
        records.sort_by_key(|record| record.block);
    }
    cells
}

/// The rates of a window, from the server's cumulative count.
fn rates(record: &SeriesRecord) -> Rates {
    let readings: Vec<(u32, u64)> = (record.at_ms.iter().copied())
        .zip(record.requests.iter().copied())
        .collect();
    (readings.windows(2))
        .filter_map(|pair| {
            let [(from, before), (to, after)] = pair else {
                return None;
            };
            let ms = to.checked_sub(*from).filter(|ms| *ms > 0)?;
            let requests = after.checked_sub(*before)?;
            Some((*to, requests as f64 * 1000.0 / f64::from(ms)))
        })
        .collect()
}

/// The median over blocks at each step that at least half of the blocks have.
fn median_rates(blocks: &[Rates]) -> Rates {
    let mut steps: BTreeMap<usize, Vec<(u32, f64)>> = BTreeMap::new();
    for rates in blocks {
        for (step, reading) in rates.iter().enumerate() {
            steps.entry(step).or_default().push(*reading);
        }
    }
    (steps.into_values())
        .filter(|readings| readings.len() * 2 >= blocks.len())
        .filter_map(|readings| {
            let times: Vec<f64> = readings.iter().map(|(ms, _)| f64::from(*ms)).collect();
            let rates: Vec<f64> = readings.iter().map(|(_, rate)| *rate).collect();
            Some((median(&times)? as u32, median(&rates)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(at_ms: &[u32], requests: &[u64]) -> SeriesRecord {
        SeriesRecord {
            block: 0,
            arm: String::new(),
            load: Default::default(),
            at_ms: at_ms.to_vec(),
            requests: requests.to_vec(),
            server_cpu_us: Vec::new(),
            client_cpu_us: Vec::new(),
        }
    }

    #[test]
    fn a_rate_is_what_came_between_two_readings() {
        let found = rates(&record(&[0, 100, 300], &[0, 50, 150]));
        assert_eq!(found, [(100, 500.0), (300, 500.0)]);
        assert!(rates(&record(&[0, 0], &[0, 5])).is_empty());
        assert!(rates(&record(&[0, 100], &[5, 0])).is_empty());
        assert!(rates(&record(&[0, 100], &[])).is_empty());
    }

    #[test]
    fn a_step_that_few_blocks_have_is_left_out() {
        let blocks = [
            vec![(100, 10.0), (200, 30.0), (300, 1.0)],
            vec![(100, 20.0), (200, 50.0)],
            vec![(100, 30.0), (200, 40.0)],
        ];
        assert_eq!(median_rates(&blocks), [(100, 20.0), (200, 40.0)]);
    }
}
