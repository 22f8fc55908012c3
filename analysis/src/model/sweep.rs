//! Loads that differ by one thing alone: what a quantity can be drawn over.

use records::{LoadPoint, Plan};

/// Bytes of the study's usual body, `Hello, World!`.
const USUAL_BODY_BYTES: u32 = 13;

/// What a load has a number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// Connections held open.
    Connections,
    /// Requests a connection has in flight.
    Pipeline,
    /// Requests offered a second in an open loop.
    OfferedRate,
    /// Requests after which a connection is closed.
    RequestsPerConnection,
    /// Bytes of the response's body.
    BodyBytes,
    /// Worker threads of the server.
    Workers,
}

impl Dimension {
    /// All of them, in the order of a report.
    pub const ALL: [Self; 6] = [
        Self::Connections,
        Self::Pipeline,
        Self::OfferedRate,
        Self::RequestsPerConnection,
        Self::BodyBytes,
        Self::Workers,
    ];

    /// The name in files and identifiers.
    pub fn id(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Pipeline => "pipeline",
            Self::OfferedRate => "offered-rate",
            Self::RequestsPerConnection => "requests-per-connection",
            Self::BodyBytes => "body-bytes",
            Self::Workers => "workers",
        }
    }

    /// The name on an axis and in a heading.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Pipeline => "requests in flight a connection",
            Self::OfferedRate => "requests offered a second",
            Self::RequestsPerConnection => "requests a connection",
            Self::BodyBytes => "bytes of body",
            Self::Workers => "workers",
        }
    }

    /// The load's number; `None` where it has no end (a closed loop, connections that stay).
    pub fn of(self, load: &LoadPoint, plan: &Plan) -> Option<f64> {
        match self {
            Self::Connections => Some(f64::from(load.connections)),
            Self::Pipeline => Some(f64::from(load.pipeline)),
            Self::OfferedRate => load.offered_rate_per_s.map(|rate| rate as f64),
            Self::RequestsPerConnection => load.requests_per_connection.map(f64::from),
            Self::BodyBytes => Some(f64::from(load.body_bytes.unwrap_or(USUAL_BODY_BYTES))),
            Self::Workers => Some(f64::from(load.workers.unwrap_or(plan.workers))),
        }
    }

    /// The load without this number: what loads of one sweep have in common.
    fn without(self, load: &LoadPoint) -> LoadPoint {
        let mut rest = load.clone();
        match self {
            Self::Connections => rest.connections = 0,
            Self::Pipeline => rest.pipeline = 0,
            Self::OfferedRate => rest.offered_rate_per_s = None,
            Self::RequestsPerConnection => rest.requests_per_connection = None,
            Self::BodyBytes => rest.body_bytes = None,
            Self::Workers => rest.workers = None,
        }
        rest
    }

    /// With fewer loads a line says no more than a table: three, but two where a number can only be
    /// one of few.
    fn least(self) -> usize {
        match self {
            Self::Connections | Self::BodyBytes | Self::OfferedRate => 3,
            Self::Pipeline | Self::RequestsPerConnection | Self::Workers => 2,
        }
    }
}

/// Loads that differ in one dimension alone, ascending.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// In what they differ.
    pub dimension: Dimension,
    /// Each load's number and its place in the plan.
    pub points: Vec<(f64, usize)>,
}

impl Sweep {
    /// A load of the sweep without the dimension: what is the same at all of them.
    pub fn rest(&self, plan: &Plan) -> Option<LoadPoint> {
        let (_, point) = self.points.first()?;
        plan.load_points.get(*point).cloned()
    }
}

/// The sweeps of a plan's loads, by dimension.
pub fn sweeps(plan: &Plan) -> Vec<Sweep> {
    let mut sweeps = Vec::new();
    for dimension in Dimension::ALL {
        let mut groups: Vec<(LoadPoint, Vec<(f64, usize)>)> = Vec::new();
        for (place, load) in plan.load_points.iter().enumerate() {
            let Some(number) = dimension.of(load, plan) else {
                continue;
            };
            let rest = dimension.without(load);
            match groups.iter_mut().find(|(known, _)| *known == rest) {
                Some((_, points)) => points.push((number, place)),
                None => groups.push((rest, vec![(number, place)])),
            }
        }
        for (_, mut points) in groups {
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            if points.len() >= dimension.least() {
                sweeps.push(Sweep { dimension, points });
            }
        }
    }
    sweeps
}

#[cfg(test)]
mod tests {
    use records::{Placement, Scheduling};

    use super::*;

    fn plan(load_points: Vec<LoadPoint>) -> Plan {
        Plan {
            schema_version: records::SCHEMA_VERSION,
            stop: None,
            left_out: Vec::new(),
            expected: Vec::new(),
            experiment: String::new(),
            host: String::new(),
            seed: 0,
            blocks: 1,
            window_s: 1,
            warm_up_ms: 0,
            workers: 4,
            client_threads: 1,
            placement: Placement::Apart,
            scheduling: Scheduling::Other,
            server_cpus: Vec::new(),
            client_cpus: Vec::new(),
            load_points,
            arms: Vec::new(),
        }
    }

    fn load(connections: u32, pipeline: u32, workers: Option<u32>) -> LoadPoint {
        LoadPoint {
            connections,
            pipeline,
            workers,
            ..LoadPoint::default()
        }
    }

    #[test]
    fn loads_are_grouped_by_what_they_share() {
        let found = sweeps(&plan(vec![
            load(500, 1, None),
            load(50, 1, None),
            load(2000, 1, None),
            load(50, 16, None),
        ]));
        let as_places: Vec<(Dimension, Vec<usize>)> = (found.iter())
            .map(|sweep| {
                let places = sweep.points.iter().map(|(_, place)| *place);
                (sweep.dimension, places.collect())
            })
            .collect();
        assert_eq!(
            as_places,
            [
                (Dimension::Connections, vec![1, 0, 2]),
                (Dimension::Pipeline, vec![1, 3]),
            ]
        );
    }

    #[test]
    fn a_load_that_names_no_workers_has_the_plans() {
        let found = sweeps(&plan(vec![load(50, 1, None), load(50, 1, Some(1))]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].points, [(1.0, 1), (4.0, 0)]);
    }
}
