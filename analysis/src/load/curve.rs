//! Latency by percentile: what a histogram says at ever rarer requests.

use hdrhistogram::Histogram;

/// Decades of 1/(1-p) that a curve has: up to one request in 100 000.
const DECADES: u32 = 5;

/// Latency at ever rarer requests, from all of them on: 1/(1-p) and microseconds, as far as a
/// request stands behind each.
pub type Curve = Vec<(f64, u64)>;

/// The curve of a histogram with so many points in a decade of 1/(1-p).
pub fn curve(histogram: &Histogram<u64>, points_a_decade: u32) -> Curve {
    let requests = histogram.len();
    let rarities = (0..=DECADES * points_a_decade)
        .map(|step| 10_f64.powf(f64::from(step) / f64::from(points_a_decade)))
        .take_while(|rarity| *rarity <= requests as f64);
    let mut buckets = histogram.iter_recorded();
    let (mut below, mut value) = (0, 0);
    rarities
        .map(|rarity| {
            let rank = ((1.0 - 1.0 / rarity) * requests as f64).ceil().max(1.0) as u64;
            while below < rank {
                let Some(bucket) = buckets.next() else {
                    break;
                };
                below += bucket.count_at_value();
                value = bucket.value_iterated_to();
            }
            (rarity, value.min(histogram.max()).max(1))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_histograms_quantiles() {
        let mut histogram = Histogram::<u64>::new(3).unwrap();
        for us in 1..=5000_u64 {
            histogram.record_n(us * us / 100 + 1, 5000 / us).unwrap();
        }
        for (rarity, us) in curve(&histogram, 4) {
            let quantile = histogram.value_at_quantile(1.0 - 1.0 / rarity);
            assert_eq!(us, quantile.max(1), "{rarity}");
        }
    }

    #[test]
    fn it_ends_where_no_request_stands_behind_it() {
        let mut histogram = Histogram::<u64>::new(3).unwrap();
        histogram.record_n(7, 100).unwrap();
        let curve = curve(&histogram, 1);
        assert_eq!(curve, [(1.0, 7), (10.0, 7), (100.0, 7)]);
    }
}
