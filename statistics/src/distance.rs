//! The distance of the server's processor from the load generator's.
//!
//! On a virtual machine a cache line's way between two processors takes one of a few times that differ
//! by a factor of two and more, and stays there for seconds to minutes. It moves results by a fifth, so a
//! window in which it changed is a disturbed one, and two windows are compared only at one distance.

use records::Measurement;

/// Distances within this factor are one mode: between the square roots of what neighbouring modes differ
/// by, and far above how well a round trip is measured.
pub const ONE_MODE: f64 = 1.5;

/// Whether two round trips are of one mode.
pub fn same_mode(one_ns: u64, other_ns: u64) -> bool {
    let (near, far) = (one_ns.min(other_ns).max(1), one_ns.max(other_ns).max(1));
    far as f64 <= near as f64 * ONE_MODE
}

/// Whether the distance stayed in one mode over a window; true where it was not measured.
pub fn steady(row: &Measurement) -> bool {
    match (row.core_round_trip_before_ns, row.core_round_trip_after_ns) {
        (Some(before), Some(after)) => same_mode(before, after),
        _ => true,
    }
}

/// Whether two windows may be compared: both steady, at one distance. True where it was not measured.
pub fn alike(ours: &Measurement, base: &Measurement) -> bool {
    let one_mode = |a: Option<u64>, b: Option<u64>| match (a, b) {
        (Some(a), Some(b)) => same_mode(a, b),
        _ => true,
    };
    steady(ours)
        && steady(base)
        && one_mode(
            ours.core_round_trip_before_ns,
            base.core_round_trip_before_ns,
        )
        && one_mode(ours.core_round_trip_after_ns, base.core_round_trip_after_ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(before: u64, after: u64) -> Measurement {
        Measurement {
            core_round_trip_before_ns: Some(before),
            core_round_trip_after_ns: Some(after),
            ..Measurement::default()
        }
    }

    #[test]
    fn a_change_of_mode_is_seen_and_jitter_is_not() {
        assert!(steady(&window(40, 55)) && steady(&window(110, 90)));
        assert!(!steady(&window(40, 110)) && !steady(&window(500, 110)));
        assert!(steady(&Measurement::default()));
    }

    #[test]
    fn like_is_compared_with_like() {
        assert!(alike(&window(40, 42), &window(45, 41)));
        assert!(!alike(&window(40, 42), &window(110, 105)));
        assert!(!alike(&window(40, 110), &window(40, 110)));
        assert!(alike(&window(40, 42), &Measurement::default()));
    }
}
