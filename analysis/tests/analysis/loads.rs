//! Figures and tables over loads that differ by one thing, windows step by step, and workers.

use std::fs;

use analysis::assess::{Assessment, assess};
use analysis::claims::{CARD_KIO_ARM, CARD_TOKIO_ARM, Verdict};
use analysis::load::Completeness;
use analysis::report::{Bundle, report};
use records::{Expected, LoadPoint, Placement, Plan, Role, SERIES_FILE, SeriesRecord};

use super::support::{Scenario, USUAL, arm, load, plan_of};

const BLOCKS: u32 = 8;

fn scenario(experiment: &str, loads: Vec<LoadPoint>) -> Scenario {
    let arms = vec![
        arm("tokio-published", Role::Ladder, None),
        arm("kio-uring", Role::Ladder, Some("tokio-published")),
    ];
    let plan = Plan {
        placement: Placement::Apart,
        server_cpus: vec![0, 1, 2, 3],
        ..plan_of(experiment, BLOCKS, loads, arms)
    };
    Scenario::of(plan, 0.004, |_, _| USUAL)
}

fn assessed(scenario: &Scenario, series: &[SeriesRecord]) -> Assessment {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("run");
    scenario.write(&dir);
    let lines: String = series
        .iter()
        .map(|record| serde_json::to_string(record).unwrap() + "\n")
        .collect();
    if !lines.is_empty() {
        fs::write(dir.join(SERIES_FILE), lines).unwrap();
    }
    assess(&dir, Completeness::Whole).unwrap()
}

fn bundle(scenario: &Scenario) -> Bundle {
    report(&[assessed(scenario, &[])]).unwrap()
}

#[test]
fn each_way_in_which_loads_differ_has_its_figure_and_table() {
    let with = |change: fn(&mut LoadPoint, u32)| -> Vec<LoadPoint> {
        [1, 2, 4]
            .map(|number| {
                let mut load = load(64);
                change(&mut load, number);
                load
            })
            .to_vec()
    };
    for (name, loads) in [
        ("connections", [1, 50, 500].map(load).to_vec()),
        ("pipeline", with(|load, number| load.pipeline = number)),
        ("workers", with(|load, number| load.workers = Some(number))),
        (
            "body-bytes",
            with(|load, number| load.body_bytes = Some(number * 1000)),
        ),
        (
            "requests-per-connection",
            with(|load, number| load.requests_per_connection = Some(number)),
        ),
        (
            "offered-rate",
            with(|load, number| load.offered_rate_per_s = Some(u64::from(number) * 100)),
        ),
    ] {
        let bundle = bundle(&scenario("scale", loads));
        let figure = &bundle.files()[&format!("figures/by-{name}.svg")];
        assert!(figure.contains("class=\"mark\""), "{name}");
        let table = &bundle.files()[&format!("tables/by-{name}.csv")];
        assert_eq!(table.lines().count(), 1 + 2 * 3, "{name}: {table}");
        let key = name.replace('-', "_");
        assert!(table.starts_with(&format!("arm,{key},load,")), "{table}");
        let text = &bundle.files()["report.md"];
        assert!(text.contains(&format!("<a id=\"by-{name}\">")), "{name}");
    }
}

#[test]
fn two_loads_are_no_line_of_connections() {
    let bundle = bundle(&scenario("quick", [50, 500].map(load).to_vec()));
    assert!(!bundle.files().contains_key("figures/by-connections.svg"));
}

#[test]
fn windows_are_drawn_step_by_step() {
    let scenario = scenario("quick", vec![load(50)]);
    let series: Vec<SeriesRecord> = (scenario.loads.iter())
        .map(|line| SeriesRecord {
            block: line.block,
            arm: line.arm.clone(),
            load: line.load.clone(),
            at_ms: vec![0, 1000, 2000, 3000],
            requests: vec![0, 1000, 3000, 6000],
            server_cpu_us: Vec::new(),
            client_cpu_us: Vec::new(),
        })
        .collect();
    let with = report(&[assessed(&scenario, &series)]).unwrap();
    let table = &with.files()["tables/series.csv"];
    assert!(table.contains("kio-uring,50,1000,1000,8,"), "{table}");
    assert!(table.contains("kio-uring,50,3000,3000,8,"), "{table}");
    assert!(with.files().contains_key("figures/series.svg"));
    assert!(!bundle(&scenario).files().contains_key("figures/series.svg"));
}

#[test]
fn workers_share_connections_as_counted() {
    let mut scenario = scenario(
        "churn",
        vec![LoadPoint {
            workers: Some(2),
            ..load(50)
        }],
    );
    for row in scenario
        .rows
        .iter_mut()
        .filter(|row| row.arm == "kio-uring")
    {
        row.accepts_by_worker = if row.block.is_multiple_of(2) {
            "40;10"
        } else {
            "10;40"
        }
        .into();
    }
    let bundle = bundle(&scenario);
    let table = &bundle.files()["tables/balance.csv"];
    let row = table
        .lines()
        .find(|line| line.starts_with("kio-uring,"))
        .unwrap();
    assert!(row.contains(",1.6,80.0\u{a0}% 20.0\u{a0}%,"), "{row}");
    let objections = &bundle.files()["report.md"];
    assert!(objections.contains("the busiest worker of `kio-uring` took 1.60 times an even share"));
}

#[test]
fn failed_connections_are_shown_beside_the_cards() {
    let mut scenario = scenario("card-forensics", vec![load(2000)]);
    for row in &mut scenario.rows {
        row.connections_open = Some(1009);
        row.socket_errors = Some(983);
        row.socket_errors_connect = Some(983);
    }
    let bundle = bundle(&scenario);
    let table = &bundle.files()["tables/connections.csv"];
    assert!(table.contains("kio-uring,2000,1009,983,983,"), "{table}");
    let text = &bundle.files()["report.md"];
    assert!(text.contains(
        "In 2 of 2 cells (100\u{a0}%) connections failed to open. 2 of them are invalid"
    ));
    assert!(
        !text.contains("times as much"),
        "an invalid cell was quoted"
    );
}

/// The card's arms on shared processors, by a load generator with files enough and by one of 1024.
fn forensics() -> Scenario {
    let limited = LoadPoint {
        client_nofile: Some(1024),
        ..load(2000)
    };
    let arms = [CARD_TOKIO_ARM, CARD_KIO_ARM].map(|name| arm(name, Role::Side, None));
    let plan = Plan {
        placement: Placement::Shared,
        client_threads: 12,
        server_cpus: Vec::new(),
        client_cpus: Vec::new(),
        expected: vec![Expected {
            connections_open: 1009,
            socket_errors_connect: 983,
            load: limited.clone(),
        }],
        ..plan_of(
            "card-forensics",
            BLOCKS,
            vec![load(2000), limited],
            arms.to_vec(),
        )
    };
    let mut scenario = Scenario::of(plan, 0.004, |_, _| USUAL);
    for row in &mut scenario.rows {
        row.connections_open = Some(1992);
        if row.client_nofile.is_some() {
            row.connections_open = Some(1009);
            row.socket_errors = Some(983);
            row.socket_errors_connect = Some(983);
        }
    }
    scenario
}

/// The verdict on the card's failed connections, with its sentence.
fn failed_connections(assessment: &Assessment) -> (Verdict, String) {
    let id = "card-connect-errors-2000";
    let judged = (assessment.claims.judged.iter()).find(|judged| judged.claim.id == id);
    let judged = judged.unwrap();
    (judged.verdict, judged.sentence.to_plain())
}

#[test]
fn the_cards_failed_connections_are_judged_by_both_loads_on_shared_processors_too() {
    let assessment = assessed(&forensics(), &[]);
    let (verdict, sentence) = failed_connections(&assessment);
    assert_eq!(verdict, Verdict::Supported, "{sentence}");
    assert!(
        sentence
            .contains("0 connections failed to open and 1992 were open at 2000 connections; in"),
        "{sentence}"
    );
    assert!(
        sentence.contains("; in each of 16 others, 983 connections failed to open and 1009 were open at 2000 connections, a client of 1024 files: supported, reproduced by a client of 1024 files; absent without"),
        "{sentence}"
    );
    let judged: Vec<&str> = (assessment.claims.judged.iter())
        .map(|judged| judged.claim.id.as_str())
        .collect();
    assert_eq!(judged, ["card-connect-errors-2000"], "the only count");
    let bundle = report(&[assessment]).unwrap();
    let text = &bundle.files()["report.md"];
    assert!(
        text.contains("it judges those about counts alone: 1 supported."),
        "{text}"
    );
    assert!(text.contains("In 2 of 4 cells (50\u{a0}%) connections failed to open. In 2 of them just those failed that the experiment declares"));
    assert!(!text.contains("of them are invalid, and their rates"));

    let mut other = forensics();
    for row in &mut other.rows {
        if row.client_nofile.is_some() && row.block == 2 {
            row.connections_open = Some(1010);
            row.socket_errors = Some(982);
            row.socket_errors_connect = Some(982);
        }
    }
    let (verdict, sentence) = failed_connections(&assessed(&other, &[]));
    assert_eq!(verdict, Verdict::Inconclusive, "{sentence}");
    assert!(
        sentence.contains("982 to 983 connections failed to open"),
        "{sentence}"
    );
}
