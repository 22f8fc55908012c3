//! Little's law: in a closed loop requests a second times mean latency are the requests in flight.

use records::{Generator, LoadPoint, Measurement, Plan};

use super::{Failure, Gate, active};
use crate::metric::{Derived, Metric};

/// Largest distance of the requests in flight from those asked for, as a share of them.
pub const IN_FLIGHT_LIMIT: f64 = 0.02;

/// Latencies are whole microseconds, so that a mean may be this far off.
const RESOLUTION_US: f64 = 1.0;

/// Whether the law binds at a load: `flood` sends a connection's next request when the answer is there, and
/// nobody corrects what it measured. `wrk` corrects its mean, and what waits between an answer and the next
/// request is in nobody's latency, as is opening a connection anew. In an open loop nobody asks for a number.
pub fn binds(load: &LoadPoint) -> bool {
    load.generator == Generator::Flood
        && load.offered_rate_per_s.is_none()
        && load.requests_per_connection.is_none()
}

/// What is not as asked. The latency of a request that is under way when the window ends is counted nowhere:
/// as such a one waits no longer than the slowest answered one, the law misses that share of the window at
/// most.
pub(super) fn failure(row: &Measurement, derived: &Derived, plan: &Plan) -> Option<Failure> {
    if !binds(&row.load_point()) || row.requests.is_none_or(|requests| requests == 0) {
        return None;
    }
    let asked = active(row, plan) as f64 * f64::from(row.pipeline.max(1));
    let measured = (
        derived.get(Metric::InFlight),
        row.latency_mean_us,
        row.latency_max_us,
        row.window_us.filter(|us| *us > 0),
    );
    let (Some(found), Some(mean), Some(slowest), Some(window)) = measured else {
        return Some(Failure::NotMeasured(Gate::InFlight));
    };
    let either_way = IN_FLIGHT_LIMIT + RESOLUTION_US / (mean as f64).max(RESOLUTION_US);
    let under_way = slowest as f64 / window as f64;
    let share = found / asked;
    let held = share <= 1.0 + either_way && share >= 1.0 - either_way - under_way;
    (!held).then_some(Failure::InFlight { found, asked })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 50 connections, by the mean latency and the slowest answer of a window of a second.
    fn found(in_flight: f64, slowest_us: u64, change: fn(&mut Measurement)) -> Option<Failure> {
        let mut row = Measurement {
            connections: 50,
            pipeline: 1,
            generator: Generator::Flood,
            window_us: Some(1_000_000),
            requests: Some(1000),
            latency_mean_us: Some(50_000),
            latency_max_us: Some(slowest_us),
            ..Measurement::default()
        };
        change(&mut row);
        let mut derived = Derived::default();
        derived.set(Metric::InFlight, Some(in_flight));
        failure(&row, &derived, &super::super::tests::plan(1))
    }

    #[test]
    fn it_binds_where_nothing_waits_between_an_answer_and_the_next_request() {
        let of_flood = LoadPoint {
            generator: Generator::Flood,
            ..LoadPoint::default()
        };
        assert!(binds(&of_flood));
        for load in [
            LoadPoint::default(),
            LoadPoint {
                offered_rate_per_s: Some(100),
                ..of_flood.clone()
            },
            LoadPoint {
                requests_per_connection: Some(10),
                ..of_flood
            },
        ] {
            assert!(!binds(&load), "{load:?}");
        }
        assert_eq!(found(20.0, 0, |row| row.generator = Generator::Wrk), None);
    }

    #[test]
    fn it_may_be_off_by_two_percent_and_by_what_is_under_way_at_the_end() {
        assert_eq!(found(50.9, 0, |_| ()), None);
        assert!(found(51.1, 0, |_| ()).is_some());
        assert!(found(51.1, 500_000, |_| ()).is_some(), "never more");
        assert_eq!(found(49.1, 0, |_| ()), None);
        assert!(found(48.9, 0, |_| ()).is_some());
        assert_eq!(found(48.9, 10_000, |_| ()), None);
        assert!(found(45.0, 10_000, |_| ()).is_some());
        assert_eq!(found(45.0, 100_000, |_| ()), None);
    }

    #[test]
    fn a_mean_of_few_microseconds_is_only_so_exact() {
        let short: fn(&mut Measurement) = |row| row.latency_mean_us = Some(25);
        assert_eq!(found(47.5, 0, short), None);
        assert!(found(46.5, 0, short).is_some());
    }

    #[test]
    fn each_request_of_a_pipeline_is_in_flight() {
        assert_eq!(found(200.0, 0, |row| row.pipeline = 4), None);
        assert!(found(50.0, 0, |row| row.pipeline = 4).is_some());
    }

    #[test]
    fn what_was_not_measured_is_not_passed() {
        let none = Some(Failure::NotMeasured(Gate::InFlight));
        assert_eq!(found(50.0, 0, |row| row.latency_max_us = None), none);
    }
}
