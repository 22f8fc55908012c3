//! The attribution chapter: effects in every quantity, and the card's explanations.

use analysis::assess::{Assessment, assess};
use analysis::claims::{CAUSES, explained};
use analysis::load::Completeness;
use analysis::report::{Bundle, report};

use super::runs;
use super::support::Scenario;

fn assessed(scenario: &Scenario) -> Assessment {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("attribution");
    scenario.write(&dir);
    assess(&dir, Completeness::Whole).unwrap()
}

/// The word and the sentence of an explanation.
fn said(assessment: &Assessment, id: &str) -> (&'static str, String) {
    let found = explained(&assessment.study, &assessment.claims);
    let found = found.iter().find(|found| found.cause.id == id).unwrap();
    (found.word(), found.sentence.to_plain())
}

fn table(bundle: &Bundle, name: &str) -> Vec<csv::StringRecord> {
    let text = &bundle.files()[&format!("tables/{name}.csv")];
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    reader.records().map(Result::unwrap).collect()
}

/// A field of the first row whose column of another name holds a value.
fn field<'a>(
    rows: &'a [csv::StringRecord],
    wanted: &[(&str, &str)],
    column: &str,
) -> Option<&'a str> {
    let place = |name: &str| rows[0].iter().position(|key| key == name).unwrap();
    let row = rows[1..]
        .iter()
        .find(|row| wanted.iter().all(|(key, value)| &row[place(key)] == *value))?;
    Some(&row[place(column)])
}

#[test]
fn each_explanation_has_the_verdict_of_its_pair() {
    let a = assessed(&runs::causes());
    for (id, word, sentence) in [
        (
            "io-uring",
            "refuted",
            "it does not hold at 50 and 500 connections. Beside the loads that it is about: refuted at \
             2000 connections.",
        ),
        (
            "allocations",
            "supported",
            "it holds at 50 and 500 connections. Beside the loads that it is about: supported at 2000 \
             connections.",
        ),
        (
            "affinity",
            "equivalent",
            "there is no difference beyond 2\u{a0}% at 50 and 500 connections. Beside the loads that it is \
             about: equivalent at 2000 connections.",
        ),
        (
            "work-stealing",
            "supported",
            "it holds at 50 and 500 connections. Beside the loads that it is about: supported at 2000 \
             connections.",
        ),
        (
            "single-issuer",
            "refuted",
            "it does not hold at 50 connections, and it would have to hold at every load that it is about \
             (supported at 500 connections; equivalent at 50 connections). Beside the loads that it is \
             about: equivalent at 2000 connections.",
        ),
        (
            "sqpoll",
            "not measured here",
            "this run does not have kio-uring-sqpoll.",
        ),
        (
            "efficient-saturation",
            "not measured here",
            "this run does not have kio-uring-published and tokio-published.",
        ),
    ] {
        assert_eq!(said(&a, id), (word, sentence.to_owned()), "{id}");
    }
    let bundle = report(&[a]).unwrap();
    insta::assert_snapshot!("report-causes", bundle.files()["report.md"]);
    let rows = table(&bundle, "card-causes");
    assert_eq!(rows.len(), CAUSES.len() + 1);
    let pair = [(
        "tested_by",
        "kio-uring-heap spends more CPU a request than kio-uring",
    )];
    assert_eq!(field(&rows, &pair, "verdict"), Some("supported"));
    let json = &bundle.files()["claims.json"];
    assert!(json.contains("\"cause-allocations-2000\""), "{json}");
}

#[test]
fn effects_are_given_in_every_quantity_unless_the_load_generator_set_it() {
    let bundle = report(&[assessed(&runs::causes())]).unwrap();
    let rows = table(&bundle, "attribution");
    let of = |arm: &str, load: &str, column: &str| {
        field(&rows, &[("arm", arm), ("load", load)], column)
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        of("kio-uring-oneshot", "500", "cpu_us_per_request_effect"),
        "more"
    );
    assert_eq!(
        of("kio-uring-oneshot", "500", "requests_per_second_effect"),
        "less"
    );
    assert_eq!(
        of("kio-uring-oneshot", "500", "latency_p99_us_effect"),
        "more"
    );
    assert_eq!(
        of("kio-uring", "50", "kernel_entries_per_request_effect"),
        "less"
    );
    assert_eq!(
        of("kio-uring-unpinned", "500", "latency_p50_us_effect"),
        "equivalent"
    );
    assert_eq!(
        of("kio-uring-heap", "50", "cpu_us_per_request_effect"),
        "more"
    );
    for quantity in ["requests_per_second", "latency_p50_us", "latency_p99_us"] {
        let effect = of("kio-uring-heap", "50", &format!("{quantity}_effect"));
        assert_eq!(effect, "not quotable");
        assert_eq!(of("kio-uring-heap", "50", &format!("{quantity}_ratio")), "");
    }
}

#[test]
fn one_worker_says_nothing_about_several() {
    let mut scenario = runs::causes();
    scenario.plan.workers = 1;
    scenario.plan.server_cpus = vec![0];
    let a = assessed(&scenario);
    for id in ["affinity", "work-stealing"] {
        let (word, sentence) = said(&a, id);
        assert_eq!(word, "not measured here");
        assert!(sentence.contains("equal by construction"), "{sentence}");
    }
    assert_eq!(said(&a, "allocations").0, "supported");
}

#[test]
fn an_effect_no_larger_than_the_control_supports_nothing() {
    let mut scenario = runs::causes();
    for row in &mut scenario.rows {
        if row.arm == "kio-uring-again" {
            // What the server spends more counts as busy, so that none of it is foreign.
            let more = row.server_cpu_system_us.unwrap() / 4;
            row.server_cpu_system_us = row.server_cpu_system_us.map(|us| us + more);
            row.host_cpu_busy_us = row.host_cpu_busy_us.map(|us| us + more);
        }
    }
    let a = assessed(&scenario);
    assert_eq!(said(&a, "allocations").0, "inconclusive");
}

#[test]
fn an_invalid_cell_takes_the_verdicts_that_need_it() {
    let mut scenario = runs::causes();
    let row = scenario.row(2, "kio-uring-heap", 500);
    row.socket_errors = Some(7);
    row.socket_errors_read = Some(7);
    let a = assessed(&scenario);
    let (word, sentence) = said(&a, "allocations");
    assert_eq!(word, "invalid");
    assert!(
        sentence.starts_with("a measurement that it needs failed a gate at 500 connections"),
        "{sentence}"
    );
    assert_eq!(said(&a, "affinity").0, "equivalent");
}
