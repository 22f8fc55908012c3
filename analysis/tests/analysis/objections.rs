//! Every objection is answered by a part of the report that is there, or not at all.

use analysis::assess::{Assessment, assess};
use analysis::load::Completeness;
use analysis::report::{Bundle, report};
use records::{LoadPoint, Machine, NetworkDevice, Role};

use super::runs;
use super::support::{NO_DIFFERENCE, Scenario, USUAL, arm, load, plan_of};

fn assessed(name: &str, scenario: &Scenario) -> Assessment {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join(name);
    scenario.write(&dir);
    assess(&dir, Completeness::Whole).unwrap()
}

/// The objections with their answers.
fn answers(bundle: &Bundle) -> Vec<&str> {
    let text = &bundle.files()["report.md"];
    let chapter = text.split("<a id=\"objections\">").nth(1).unwrap();
    let chapter = chapter.split("\n## ").next().unwrap();
    (chapter.lines())
        .filter(|line| line.starts_with("- **"))
        .collect()
}

/// Every answer but "Not measured here." links to a place of the report.
fn hold(bundle: &Bundle) {
    let text = &bundle.files()["report.md"];
    let answers = answers(bundle);
    assert!(answers.len() >= 15, "{answers:?}");
    for answer in answers {
        let links: Vec<&str> = (answer.split("](#").skip(1))
            .map(|rest| rest.split(')').next().unwrap())
            .collect();
        let none = answer.ends_with("** Not measured here.");
        assert_eq!(links.is_empty(), none, "{answer}");
        for link in links {
            assert!(text.contains(&format!("<a id=\"{link}\">")), "{answer}");
        }
    }
}

fn rates(numbers: &[u64]) -> Scenario {
    let loads = numbers.iter().map(|rate| LoadPoint {
        offered_rate_per_s: Some(*rate),
        ..load(50)
    });
    let arms = vec![
        arm("tokio-published", Role::Ladder, None),
        arm("kio-uring", Role::Ladder, Some("tokio-published")),
    ];
    Scenario::of(
        plan_of("latency", 8, loads.collect(), arms),
        0.004,
        |_, _| USUAL,
    )
}

#[test]
fn every_answer_has_its_place_in_the_report_of_one_run() {
    for (name, scenario) in [
        ("2026-01-01-x-quick", Scenario::new(NO_DIFFERENCE)),
        ("2026-01-01-x-ladder", runs::ladder()),
        ("2026-01-01-x-peers", runs::peers()),
        ("2026-01-01-x-idle", runs::idle(800, 1.05)),
        ("2026-01-01-x-shared", runs::shared()),
        ("2026-01-01-x-latency", rates(&[100, 200, 300])),
        ("2026-01-02-x-latency", rates(&[100])),
    ] {
        hold(&report(&[assessed(name, &scenario)]).unwrap());
    }
}

#[test]
fn every_answer_has_its_place_in_the_report_of_several_runs() {
    let runs = [
        assessed("2026-01-01-x-ladder", &runs::ladder()),
        assessed("2026-01-01-x-idle", &runs::idle(800, 1.05)),
        assessed("2026-01-01-x-shared", &runs::shared()),
        assessed("2026-01-01-x-latency", &rates(&[100, 200, 300])),
    ];
    let bundle = report(&runs).unwrap();
    hold(&bundle);
    let found = answers(&bundle);
    let of = |objection: &str| {
        let start = format!("- **{objection}");
        *found.iter().find(|line| line.starts_with(&start)).unwrap()
    };
    assert!(of("Hello world").contains("brings each ratio nearer to 1"));
    assert!(of("The rates are impossible").contains("over loopback no link limits it"));
    assert!(of("Only saturation").contains("latency.by-offered-rate)"));
}

#[test]
fn the_rates_are_held_against_the_links_speed_where_it_is_known() {
    let mut scenario = Scenario::new(NO_DIFFERENCE).only(50);
    scenario.plan.host = "far".into();
    let on_a_link = |machine: &Machine| Machine {
        network: NetworkDevice {
            speed_mbit_per_s: Some(100),
            ..machine.network.clone()
        },
        ..machine.clone()
    };
    let server = on_a_link(&scenario.environment.server);
    scenario.environment.client = Some(server.clone());
    scenario.environment.server = server;
    // 66 667 responses of 52 bytes a second at most.
    let bundle = report(&[assessed("far", &scenario)]).unwrap();
    let answers = answers(&bundle);
    let wire = (answers.iter())
        .find(|line| line.contains("impossible for the link"))
        .unwrap();
    assert!(
        wire.contains("; the bytes counted are 2") && wire.contains("of the link's speed"),
        "{wire}"
    );
}
