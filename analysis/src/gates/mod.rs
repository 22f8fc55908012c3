//! The gates a measurement must pass before any number of it is believed.

mod failure;
mod gate;
mod in_flight;
mod processors;

use records::{Generator, Measurement, Plan};

use crate::load::listed;
use crate::metric::{Derived, Metric};
use crate::stats::distance;

pub use failure::Failure;
pub use gate::{Consequence, Gate};
pub use in_flight::{IN_FLIGHT_LIMIT, binds};

/// Largest share of the processors in use that other programs may use in a window: more than this moved
/// results by several percent.
pub const FOREIGN_CPU_LIMIT: f64 = 0.10;

/// Largest share of the time of the processors in use that the hypervisor may take. Steal hits whichever
/// arm runs, so even little of it breaks the pairing inside a block.
pub const STEAL_LIMIT: f64 = 0.02;

/// Least share of the offered rate that an open loop must reach: below it the load was another
/// one than the cell's name says.
pub const ACHIEVED_RATE_LIMIT: f64 = 0.99;

/// Bytes of the study's usual body, `Hello, World!`.
const USUAL_BODY_BYTES: u64 = 13;

/// What a run's measurements are held against.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Speed of the link between the two sides, where there is one and it is known.
    pub link_bits_per_s: Option<u64>,
}

/// The connections a load generator opens when it is asked for `asked`: `wrk` gives each of its
/// threads the same number, so that `wrk -t12 -c50` opens 48; `flood` opens what it is asked for.
pub fn opened_by(generator: Generator, threads: u32, asked: u32) -> u64 {
    let threads = threads.max(1);
    u64::from(match generator {
        Generator::Wrk => asked / threads * threads,
        Generator::Flood | Generator::Oha => asked,
    })
}

/// The gates the measurement failed; none for a valid one. What cannot be checked is not passed, but
/// for what a run of its kind cannot have.
pub fn failures(row: &Measurement, derived: &Derived, setting: &Setting<'_>) -> Vec<Failure> {
    if !row.error.is_empty() {
        return vec![Failure::Error(row.error.clone())];
    }
    let mut failed = Vec::new();
    match (row.window_us, row.requests) {
        (Some(1..), Some(1..)) => {}
        (Some(1..), Some(0)) => failed.push(Failure::NoResponses),
        (_, None) => failed.push(Failure::NotMeasured(Gate::Responses)),
        (None | Some(0), _) => failed.push(Failure::NotMeasured(Gate::Link)),
    }
    let mut none_of = |count: Option<u64>, gate, failure: fn(u64) -> Failure| match count {
        None => failed.push(Failure::NotMeasured(gate)),
        Some(0) => {}
        Some(count) => failed.push(failure(count)),
    };
    let expected = setting.plan.expected_at(&row.load_point());
    let unexpected = row.socket_errors.map(|errors| {
        let asked = expected.map_or(0, |expected| expected.socket_errors_connect);
        errors.abs_diff(asked)
    });
    none_of(unexpected, Gate::SocketErrors, Failure::SocketErrors);
    none_of(row.status_errors, Gate::StatusErrors, Failure::StatusErrors);
    failed.extend(connections(row, setting.plan));
    failed.extend(bytes(row));
    failed.extend(rates(row, derived, setting));
    failed.extend(in_flight::failure(row, derived, setting.plan));
    failed.extend(disturbances(row, derived, setting));
    failed
}

/// The connections that are to send requests: those asked for, but where failing ones were declared.
fn active(row: &Measurement, plan: &Plan) -> u64 {
    plan.expected_at(&row.load_point()).map_or_else(
        || opened_by(row.generator, plan.client_threads, row.connections),
        |expected| expected.connections_open,
    )
}

/// A load that is to show failing connections must show exactly those that were declared before the run.
fn connections(row: &Measurement, plan: &Plan) -> Vec<Failure> {
    let mut failed = Vec::new();
    let active = active(row, plan);
    let asked = active + u64::from(row.idle_connections);
    match row.connections_open {
        None => failed.push(Failure::NotMeasured(Gate::Connections)),
        Some(open) if open == asked => {}
        Some(open) => failed.push(Failure::Connections { open, asked }),
    }
    // The load generator's sockets are open before anybody accepts them. Idle ones may have been
    // accepted before the window.
    if let Some(counts) = listed(&row.accepts_by_worker).filter(|counts| !counts.is_empty()) {
        let accepted: u64 = counts
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count));
        if accepted < active {
            failed.push(Failure::Accepted {
                accepted,
                asked: active,
            });
        }
    }
    failed
}

/// All responses of an arm have one length, which its verification fixed, so their bytes are a multiple of
/// it but for those under way at the window's ends. Where connections are closed the last response of
/// each is longer.
fn bytes(row: &Measurement) -> Option<Failure> {
    let responses = row.requests.filter(|requests| *requests > 0)?;
    let Some(bytes) = row.response_bytes else {
        return Some(Failure::NotMeasured(Gate::Bytes));
    };
    let length = (bytes + responses / 2) / responses;
    let in_flight = u64::from(row.connections) * u64::from(row.pipeline.max(1));
    let off = bytes.abs_diff(length * responses);
    let stay = row.requests_per_connection.is_none();
    let body = row.body_bytes.map_or(USUAL_BODY_BYTES, u64::from);
    let whole = length > body && (!stay || off <= length * in_flight.min(responses / 2));
    (!whole).then_some(Failure::Bytes { bytes, responses })
}

fn rates(row: &Measurement, derived: &Derived, setting: &Setting<'_>) -> Vec<Failure> {
    let mut failed = Vec::new();
    if let (Some(offered), Some(achieved)) = (
        row.offered_rate_per_s,
        derived.get(Metric::RequestsPerSecond),
    ) && achieved < ACHIEVED_RATE_LIMIT * offered as f64
    {
        failed.push(Failure::Rate { achieved, offered });
    }
    if let (Some(link), Some(found)) = (setting.link_bits_per_s, bits_per_s(row))
        && found > link as f64
    {
        failed.push(Failure::Link { found, link });
    }
    failed
}

/// Bits a second of the responses, or of all that the link carried where that was counted.
pub(crate) fn bits_per_s(row: &Measurement) -> Option<f64> {
    let bytes = row
        .response_bytes?
        .max(row.server_link_sent_bytes.unwrap_or(0));
    let window = row.window_us.filter(|us| *us > 0)?;
    Some(bytes as f64 * 8.0 / window as f64 * 1e6)
}

/// What something else on the machine did to the window: on the processors in use where that was measured,
/// and on the whole machine.
fn disturbances(row: &Measurement, derived: &Derived, setting: &Setting<'_>) -> Vec<Failure> {
    let mut failed = Vec::new();
    let mut at_most = |machine: Option<f64>,
                       in_use: Option<f64>,
                       limit,
                       gate,
                       failure: fn(f64) -> Failure| {
        match (machine, in_use) {
            (None, None) => failed.push(Failure::NotMeasured(gate)),
            (machine, in_use) => {
                let share = machine.unwrap_or(0.0).max(in_use.unwrap_or(0.0));
                if share > limit {
                    failed.push(failure(share));
                }
            }
        }
    };
    at_most(
        derived.get(Metric::ForeignShare),
        processors::foreign(row, setting),
        FOREIGN_CPU_LIMIT,
        Gate::ForeignCpu,
        Failure::ForeignCpu,
    );
    at_most(
        derived.get(Metric::StealShare),
        processors::steal(row, setting),
        STEAL_LIMIT,
        Gate::Steal,
        Failure::Steal,
    );
    if let (false, Some(before), Some(after)) = (
        distance::steady(row),
        row.core_round_trip_before_ns,
        row.core_round_trip_after_ns,
    ) {
        failed.push(Failure::Distance { before, after });
    }
    failed
}

#[cfg(test)]
mod tests;
