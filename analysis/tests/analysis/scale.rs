//! What the report says of machines and servers larger than those measured.

use analysis::assess::{Assessment, assess};
use analysis::load::Completeness;
use analysis::report::{report, section};

use super::runs;
use super::support::Scenario;

fn assessed(name: &str, scenario: &Scenario) -> Assessment {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join(name);
    scenario.write(&dir);
    assess(&dir, Completeness::Whole).unwrap()
}

/// The sentence, which the report, the README and the paper's data have alike.
fn said(runs: &[Scenario]) -> String {
    let assessments: Vec<Assessment> = (runs.iter().enumerate())
        .map(|(place, run)| assessed(&format!("run-{place}"), run))
        .collect();
    let bundle = report(&assessments).unwrap();
    let claims: serde_json::Value = serde_json::from_str(&bundle.files()["claims.json"]).unwrap();
    let scale = claims["scale"].as_str().unwrap().to_owned();
    for text in [&bundle.files()["report.md"], &section(&assessments, None)] {
        assert!(text.contains(&scale), "{scale}");
    }
    scale
}

const ONE: &str =
    "more than 1 server worker running at once; what happens with more is not measured.";
const TWO: &str =
    "more than 2 server workers running at once; what happens with more is not measured.";

#[test]
fn of_all_runs_the_largest_machine_and_the_most_workers_are_named() {
    let only = said(&[runs::ladder()]);
    assert!(
        only.starts_with("No machine with 8 processors or more, "),
        "{only}"
    );
    assert!(
        only.contains("the largest had 2.") && only.ends_with(ONE),
        "{only}"
    );

    let mut large = runs::causes();
    large.environment.server.cpus = 16;
    let both = said(&[runs::ladder(), large]);
    assert!(
        both.starts_with("A machine with 8 processors or more, "),
        "{both}"
    );
    assert!(
        both.contains("the largest had 16.") && both.ends_with(TWO),
        "{both}"
    );
}

#[test]
fn workers_that_share_a_processor_do_not_run_at_once() {
    let mut crowded = runs::causes();
    crowded.plan.server_cpus = vec![0];
    let said = said(&[crowded]);
    assert!(said.ends_with(ONE), "{said}");
}

#[test]
fn what_is_not_valid_was_not_measured() {
    let mut failed = runs::causes();
    for row in &mut failed.rows {
        row.socket_errors = Some(7);
        row.socket_errors_read = Some(7);
    }
    let said = said(&[runs::ladder(), failed]);
    assert!(said.ends_with(ONE), "{said}");
}
