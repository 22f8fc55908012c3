//! How a server's workers share connections and requests.

use super::Study;
use crate::load::listed;
use crate::stats::median;

/// Each worker's share of the accepted connections and of the requests, the busiest worker first:
/// medians over blocks of each place. `None` where the cell is invalid or has not several workers.
pub fn worker_shares(study: &Study, arm: usize, point: usize) -> Option<[Vec<f64>; 2]> {
    let cell = study.cell(arm, point);
    if !cell.valid() {
        return None;
    }
    let rows: Vec<_> = study.windows(arm, point).map(|(row, _)| row).collect();
    let accepts: Vec<&str> = rows.iter().map(|r| &*r.accepts_by_worker).collect();
    let requests: Vec<&str> = rows.iter().map(|r| &*r.requests_by_worker).collect();
    let shares = [middle(&accepts), middle(&requests)];
    shares
        .iter()
        .any(|shares| shares.len() > 1)
        .then_some(shares)
}

fn middle(lists: &[&str]) -> Vec<f64> {
    let sorted: Vec<Vec<f64>> = lists.iter().filter_map(|list| shares(list)).collect();
    let workers = sorted.iter().map(Vec::len).max().unwrap_or(0);
    (0..workers)
        .filter_map(|place| {
            let of: Vec<f64> = (sorted.iter())
                .filter_map(|shares| shares.get(place).copied())
                .collect();
            median(&of)
        })
        .collect()
}

/// The shares of one measurement, descending. None where nothing was counted.
fn shares(list: &str) -> Option<Vec<f64>> {
    let counts = listed(list)?;
    let total: f64 = counts.iter().map(|count| *count as f64).sum();
    if total <= 0.0 {
        return None;
    }
    let mut shares: Vec<f64> = counts.iter().map(|count| *count as f64 / total).collect();
    shares.sort_by(|a, b| b.total_cmp(a));
    Some(shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_worker_is_first_whoever_it_is() {
        assert_eq!(middle(&["30;10", "10;30", "40;0"]), [0.75, 0.25]);
        assert_eq!(middle(&["0;0", ""]), Vec::<f64>::new());
    }
}
