//! Text: prose that renders as Markdown and as HTML, names, numbers.

mod markdown;
mod number;
mod prose;
mod slug;

use records::{Generator, LoadPoint, Scheduling};

pub use markdown::escape_markdown;
pub use number::{fixed, grouped, p_value, percent, precise, rounded, signed_percent};
pub use prose::{Prose, joined};
pub use slug::slug;

/// A load point in prose: `50 connections, pipelining 16, flood`.
pub fn load_name(point: &LoadPoint) -> String {
    let noun = if point.connections == 1 {
        "connection"
    } else {
        "connections"
    };
    format!("{} {noun}{}", point.connections, conditions(point))
}

/// Several in prose, what they have in common only once: `50, 500 and 2000 connections, flood`.
pub fn load_names(points: &[&LoadPoint]) -> String {
    let list = |names: Vec<String>| joined(names.into_iter().map(Prose::from).collect());
    match points {
        [] | [_] => points.iter().map(|point| load_name(point)).collect(),
        [first, rest @ ..] if rest.iter().all(|p| conditions(p) == conditions(first)) => {
            let counts = points.iter().map(|p| p.connections.to_string()).collect();
            format!(
                "{} connections{}",
                list(counts).to_plain(),
                conditions(first)
            )
        }
        _ => list(points.iter().map(|point| load_name(point)).collect()).to_plain(),
    }
}

/// The load generator's name.
pub fn generator_name(generator: Generator) -> &'static str {
    match generator {
        Generator::Wrk => "wrk",
        Generator::Flood => "flood",
        Generator::Oha => "oha",
    }
}

/// The scheduling policy as the kernel names it.
pub fn scheduling_name(scheduling: Scheduling) -> &'static str {
    match scheduling {
        Scheduling::Other => "SCHED_OTHER",
        Scheduling::Batch => "SCHED_BATCH",
    }
}

/// What is not usual about a load.
fn conditions(point: &LoadPoint) -> String {
    let mut text = String::new();
    if point.idle_connections != 0 {
        text += &format!(" + {} idle", point.idle_connections);
    }
    if point.pipeline != 1 {
        text += &format!(", pipelining {}", point.pipeline);
    }
    match point.requests_per_connection {
        None => {}
        Some(1) => text += ", a new one for every request",
        Some(requests) => text += &format!(", new ones after {requests} requests each"),
    }
    if let Some(bytes) = point.body_bytes {
        text += &format!(", bodies of {}", size(bytes));
    }
    match point.workers {
        None => {}
        Some(1) => text += ", 1 worker",
        Some(workers) => text += &format!(", {workers} workers"),
    }
    if let Some(files) = point.client_nofile {
        text += &format!(", a client of {files} files");
    }
    if let Some(rate) = point.offered_rate_per_s {
        text += &format!(", {rate} requests a second offered");
    }
    if point.generator != Generator::Wrk {
        text += &format!(", {}", generator_name(point.generator));
    }
    text
}

/// A length as it is called: `64 KiB`, `100 B`.
fn size(bytes: u32) -> String {
    if bytes >= 1024 && bytes.is_multiple_of(1024) {
        format!("{} KiB", bytes / 1024)
    } else {
        format!("{bytes} B")
    }
}

/// A load point in a table: `50`, `50 x 16`, `1000 + 10000 idle`, `50 @ 10000/s flood`, `50 / 1 flood` for a
/// new connection after every request.
pub fn load_label(point: &LoadPoint) -> String {
    let mut label = point.connections.to_string();
    if point.idle_connections != 0 {
        label += &format!(" + {} idle", point.idle_connections);
    }
    if point.pipeline != 1 {
        label += &format!(" x {}", point.pipeline);
    }
    if let Some(requests) = point.requests_per_connection {
        label += &format!(" / {requests}");
    }
    if let Some(bytes) = point.body_bytes {
        label += &format!(" {}", size(bytes));
    }
    if let Some(workers) = point.workers {
        label += &format!(" on {workers}");
    }
    if let Some(files) = point.client_nofile {
        label += &format!(" of {files} files");
    }
    if let Some(rate) = point.offered_rate_per_s {
        label += &format!(" @ {rate}/s");
    }
    if point.generator != Generator::Wrk {
        label += &format!(" {}", generator_name(point.generator));
    }
    label
}

/// A load point in an identifier: `50`, `50-x16`, `1000-idle10000-flood`. Different ones differ.
pub fn load_id(point: &LoadPoint) -> String {
    let mut id = point.connections.to_string();
    if point.idle_connections != 0 {
        id += &format!("-idle{}", point.idle_connections);
    }
    if point.pipeline != 1 {
        id += &format!("-x{}", point.pipeline);
    }
    if let Some(requests) = point.requests_per_connection {
        id += &format!("-per{requests}");
    }
    if let Some(bytes) = point.body_bytes {
        id += &format!("-body{bytes}");
    }
    if let Some(workers) = point.workers {
        id += &format!("-workers{workers}");
    }
    if let Some(files) = point.client_nofile {
        id += &format!("-nofile{files}");
    }
    if let Some(rate) = point.offered_rate_per_s {
        id += &format!("-rate{rate}");
    }
    if point.generator != Generator::Wrk {
        id += &format!("-{}", generator_name(point.generator));
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(connections: u32) -> LoadPoint {
        LoadPoint {
            connections,
            ..LoadPoint::default()
        }
    }

    #[test]
    fn load_points_name_what_is_not_usual() {
        let open = LoadPoint {
            pipeline: 16,
            offered_rate_per_s: Some(9000),
            ..plain(50)
        };
        let flood = LoadPoint {
            pipeline: 16,
            generator: Generator::Flood,
            ..plain(50)
        };
        let idle = LoadPoint {
            idle_connections: 10_000,
            ..plain(1000)
        };
        assert_eq!(load_name(&plain(50)), "50 connections");
        assert_eq!(load_name(&plain(1)), "1 connection");
        assert_eq!(load_label(&plain(50)), "50");
        assert_eq!(load_label(&open), "50 x 16 @ 9000/s");
        assert_eq!(load_name(&flood), "50 connections, pipelining 16, flood");
        assert_eq!(load_label(&flood), "50 x 16 flood");
        assert_eq!(load_id(&flood), "50-x16-flood");
        assert_eq!(load_id(&open), "50-x16-rate9000");
        assert_eq!(load_id(&idle), "1000-idle10000");
        assert_eq!(load_name(&idle), "1000 connections + 10000 idle");
        assert_eq!(load_label(&idle), "1000 + 10000 idle");
    }

    #[test]
    fn several_loads_name_once_what_they_share() {
        let (a, b, c) = (plain(50), plain(500), plain(2000));
        assert_eq!(load_names(&[&a, &b, &c]), "50, 500 and 2000 connections");
        let flood = LoadPoint {
            generator: Generator::Flood,
            ..plain(500)
        };
        assert_eq!(
            load_names(&[&a, &flood]),
            "50 connections and 500 connections, flood"
        );
    }

    #[test]
    fn every_field_of_a_load_is_in_its_names() {
        let churn = LoadPoint {
            requests_per_connection: Some(1),
            generator: Generator::Flood,
            ..plain(50)
        };
        assert_eq!(
            load_name(&churn),
            "50 connections, a new one for every request, flood"
        );
        assert_eq!(
            (&*load_label(&churn), &*load_id(&churn)),
            ("50 / 1 flood", "50-per1-flood")
        );
        let body = LoadPoint {
            body_bytes: Some(65_536),
            ..plain(50)
        };
        assert_eq!(load_name(&body), "50 connections, bodies of 64 KiB");
        assert_eq!(
            (&*load_label(&body), &*load_id(&body)),
            ("50 64 KiB", "50-body65536")
        );
        let workers = LoadPoint {
            workers: Some(2),
            ..plain(500)
        };
        assert_eq!(load_name(&workers), "500 connections, 2 workers");
        assert_eq!(
            (&*load_label(&workers), &*load_id(&workers)),
            ("500 on 2", "500-workers2")
        );
        let files = LoadPoint {
            client_nofile: Some(1024),
            ..plain(2000)
        };
        assert_eq!(
            load_name(&files),
            "2000 connections, a client of 1024 files"
        );
        assert_eq!(
            (&*load_label(&files), &*load_id(&files)),
            ("2000 of 1024 files", "2000-nofile1024")
        );
        let oha = LoadPoint {
            offered_rate_per_s: Some(900),
            generator: Generator::Oha,
            ..plain(50)
        };
        assert_eq!(
            (&*load_label(&oha), &*load_id(&oha)),
            ("50 @ 900/s oha", "50-rate900-oha")
        );
    }
}
