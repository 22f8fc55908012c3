//! Data sets whose truth is known, and what the report says of them.

use std::env;
use std::path::Path;

use analysis::assess::{Assessment, assess};
use analysis::claims::{Family, Verdict};
use analysis::load::Completeness;
use analysis::metric::Metric;
use analysis::report::report;

use super::support::{NO_DIFFERENCE, Scenario, Truth};

/// Writes the scenario, assesses it, and holds its report against the committed one. The report is left in
/// the folder that `GOLDEN_REPORTS` names, for `paper/check`.
fn golden(name: &str, scenario: &Scenario) -> Assessment {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join(name);
    scenario.write(&dir);
    let assessment = assess(&dir, Completeness::Whole).unwrap();
    let assessments = [assessment];
    let files = report(&assessments).unwrap();
    insta::assert_snapshot!(format!("report-{name}"), files.files()["report.md"]);
    if let Some(reports) = env::var_os("GOLDEN_REPORTS") {
        files.write(&Path::new(&reports).join(name)).unwrap();
    }
    let [assessment] = assessments;
    assessment
}

fn headline(assessment: &Assessment, id: &str) -> String {
    let found = assessment.headline.iter().find(|h| h.id == id).unwrap();
    found.prose.to_plain()
}

fn verdict(assessment: &Assessment, id: &str) -> Verdict {
    let judged = assessment.claims.judged.iter().find(|j| j.claim.id == id);
    judged.unwrap_or_else(|| panic!("no claim {id}")).verdict
}

fn sentence(assessment: &Assessment, id: &str) -> String {
    let judged = assessment.claims.judged.iter().find(|j| j.claim.id == id);
    judged.unwrap().sentence.to_plain()
}

/// All verdicts of a family, without repeats.
fn verdicts(assessment: &Assessment, family: Family) -> Vec<Verdict> {
    let mut found: Vec<Verdict> = assessment.claims.of(family).map(|j| j.verdict).collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn without_a_difference_the_sentences_say_so() {
    let a = golden("no-difference", &Scenario::new(NO_DIFFERENCE));
    let cpu = headline(&a, "headline-cpu");
    assert!(
        cpu.contains("spend the same CPU a request within 2\u{a0}% at every load measured"),
        "{cpu}"
    );
    assert!(headline(&a, "headline-noise").contains("entered twice differs from itself by up to"));
    assert_eq!(verdicts(&a, Family::Ours), [Verdict::Equivalent]);
    assert_eq!(verdicts(&a, Family::Control), [Verdict::Equivalent]);
    assert_eq!(verdict(&a, "card-throughput-50"), Verdict::Equivalent);
    let throughput = sentence(&a, "card-throughput-50");
    assert!(
        throughput.contains("so the claimed +26\u{a0}% is refuted"),
        "{throughput}"
    );
    let similar = sentence(&a, "card-latency-2000");
    assert!(similar.ends_with("as claimed."), "{similar}");
    assert_eq!(verdict(&a, "card-throughput-range"), Verdict::Equivalent);
    // The one the card says of eight workers, the other is a matter of a load that is not here.
    for (id, because) in [
        ("card-saturation-500", "8 workers, and here they have 1"),
        (
            "card-connect-errors-2000",
            "a client of 1024 files is not measured here",
        ),
    ] {
        assert_eq!(verdict(&a, id), Verdict::Inconclusive);
        assert!(sentence(&a, id).contains(because), "{id}");
    }
    assert!(a.claims.not_measured.is_empty());
}

#[test]
fn a_reversed_difference_is_named_as_one() {
    let truth = Truth {
        kio_cpu: 1.15,
        ..NO_DIFFERENCE
    };
    let a = golden("reversed", &Scenario::new(truth));
    let cpu = headline(&a, "headline-cpu");
    assert!(
        cpu.starts_with("kio-uring spends more CPU a request than tokio-published at every load"),
        "{cpu}"
    );
    let throughput = headline(&a, "headline-throughput");
    assert!(
        throughput.contains("answers fewer requests a second than"),
        "{throughput}"
    );
    assert_eq!(verdicts(&a, Family::Ours), [Verdict::Refuted]);
    for id in ["ours-cpu-50", "card-throughput-50", "card-latency-500"] {
        let text = sentence(&a, id);
        assert!(text.contains("refuted, the reverse of the claim"), "{text}");
    }
    assert!(!verdicts(&a, Family::Card).contains(&Verdict::Equivalent));
    let different = sentence(&a, "card-latency-2000");
    assert!(
        different.contains("refuted, a difference beyond"),
        "{different}"
    );
}

#[test]
fn an_invalid_cell_gives_no_number_and_says_why() {
    let mut scenario = Scenario::new(NO_DIFFERENCE);
    let row = scenario.row(3, "kio-uring", 500);
    row.socket_errors = Some(7);
    row.socket_errors_read = Some(7);
    let row = scenario.row(5, "tokio-published-no-parse", 2000);
    row.error = "the server died".into();
    let a = golden("invalid-cell", &scenario);

    let cpu = headline(&a, "headline-cpu");
    assert!(cpu.contains("The same within 2\u{a0}%"), "{cpu}");
    assert!(
        cpu.contains("Invalid: no number at 500 connections (kio-uring: block 3: 7 socket errors)"),
        "{cpu}"
    );
    assert_eq!(verdict(&a, "ours-cpu-500"), Verdict::Invalid);
    assert_eq!(verdict(&a, "ours-cpu-50"), Verdict::Equivalent);
    assert_eq!(
        verdict(&a, "control-cpu-kio-uring-again-500"),
        Verdict::Invalid
    );
    assert_eq!(verdict(&a, "card-throughput-2000"), Verdict::Invalid);
    assert_eq!(verdict(&a, "card-connect-errors-2000"), Verdict::Invalid);
    let text = sentence(&a, "card-throughput-2000");
    assert!(
        text.contains("the measurement failed: the server died"),
        "{text}"
    );

    let study = &a.study;
    let cell = study.cell(study.arm("kio-uring").unwrap(), 1);
    assert!(!cell.valid() && cell.quotable(Metric::CpuUsPerRequest).is_none());
    assert!(study.cells.iter().filter(|cell| !cell.valid()).count() == 2);
}

#[test]
fn a_known_difference_of_ten_percent_is_found() {
    let truth = Truth {
        kio_cpu: 0.9,
        ..NO_DIFFERENCE
    };
    let a = golden("ten-percent", &Scenario::new(truth));
    let cpu = headline(&a, "headline-cpu");
    assert!(
        cpu.starts_with("kio-uring spends less CPU a request than tokio-published at every load"),
        "{cpu}"
    );
    assert_eq!(verdicts(&a, Family::Ours), [Verdict::Supported]);
    let study = &a.study;
    for comparison in &study.comparisons {
        let names = [comparison.pair.ours, comparison.pair.base].map(|arm| study.arm_name(arm));
        if names != ["kio-uring", "tokio-published"] {
            continue;
        }
        for ratio in comparison
            .ratios
            .iter()
            .filter(|r| r.metric == Metric::CpuUsPerRequest)
        {
            let estimate = ratio.outcome.estimate().unwrap();
            assert!(
                estimate.low < 0.9 * 1.005 && estimate.high > 0.9 * 0.995,
                "{estimate:?}"
            );
            assert!((estimate.value - 0.9).abs() < 0.01, "{estimate:?}");
        }
    }
    let smaller = sentence(&a, "card-throughput-50");
    assert!(
        smaller.contains("smaller than the claimed +26\u{a0}%"),
        "{smaller}"
    );
    assert_eq!(verdict(&a, "card-throughput-500"), Verdict::Refuted);
    assert_eq!(verdict(&a, "card-throughput-2000"), Verdict::Supported);
}

#[test]
fn where_the_load_generator_gives_out_rates_are_not_judged_but_cpu_is() {
    let truth = Truth {
        kio_cpu: 0.9,
        client_bound: true,
        ..NO_DIFFERENCE
    };
    let a = golden("client-bound", &Scenario::new(truth));
    let throughput = headline(&a, "headline-throughput");
    assert!(
        throughput.contains("because the load generator was the bottleneck at every load"),
        "{throughput}"
    );
    assert!(headline(&a, "headline-bottleneck").contains("the load generator at 50, 500 and 2000"));
    assert_eq!(verdict(&a, "ours-throughput-50"), Verdict::Inconclusive);
    assert_eq!(verdict(&a, "ours-cpu-50"), Verdict::Supported);
    assert_eq!(verdict(&a, "card-throughput-50"), Verdict::Inconclusive);
    assert_eq!(verdict(&a, "card-latency-50"), Verdict::Inconclusive);
    assert_eq!(verdict(&a, "card-saturation-500"), Verdict::Inconclusive);
    assert_eq!(verdict(&a, "card-cpu-50"), Verdict::Refuted);
}

#[test]
fn too_few_blocks_decide_nothing() {
    let truth = Truth {
        kio_cpu: 0.5,
        blocks: 4,
        ..NO_DIFFERENCE
    };
    let root = tempfile::tempdir().unwrap();
    Scenario::new(truth).write(root.path());
    let a = assess(root.path(), Completeness::Whole).unwrap();
    // Of the card's explanations this run has no pair of arms.
    for family in Family::ALL
        .into_iter()
        .filter(|family| *family != Family::Cause)
    {
        assert_eq!(verdicts(&a, family), [Verdict::Inconclusive]);
    }
    let cpu = headline(&a, "headline-cpu");
    assert!(
        cpu.starts_with("With fewer than 6 blocks this run decides nothing"),
        "{cpu}"
    );
}

#[test]
fn claims_about_absent_arms_have_no_verdict() {
    let root = tempfile::tempdir().unwrap();
    let mut scenario = Scenario::new(NO_DIFFERENCE).only(50);
    scenario.rename("tokio-published", "other");
    scenario.write(root.path());
    let a = assess(root.path(), Completeness::Whole).unwrap();
    assert_eq!(a.claims.of(Family::Ours).count(), 0);
    let absent = &a.claims.not_measured;
    assert!(absent.iter().any(|claim| claim.id == "ours-cpu-50"));
    assert!(absent.iter().any(|claim| claim.id == "card-throughput-500"));
    assert!(headline(&a, "headline-cpu").starts_with("This run does not compare kio-uring"));
    assert!(report(&[a]).is_ok());
}

#[test]
fn a_control_that_differs_is_an_alarm() {
    let mut scenario = Scenario::new(NO_DIFFERENCE).only(50);
    for row in &mut scenario.rows {
        if row.arm == "kio-uring-again" {
            // A tenth less, so that what is missing does not count as foreign CPU.
            row.server_cpu_system_us = row.server_cpu_system_us.map(|us| us * 9 / 10);
        }
    }
    let root = tempfile::tempdir().unwrap();
    scenario.write(root.path());
    let a = assess(root.path(), Completeness::Whole).unwrap();
    assert_eq!(
        verdict(&a, "control-cpu-kio-uring-again-50"),
        Verdict::Refuted
    );
    let noise = headline(&a, "headline-noise");
    assert!(
        noise.contains("shows a difference where there is none"),
        "{noise}"
    );
}

#[test]
fn what_the_card_says_of_eight_workers_is_judged_with_eight() {
    let mut scenario = Scenario::new(NO_DIFFERENCE);
    scenario.plan.workers = 8;
    scenario.plan.server_cpus = (0..8).collect();
    scenario.environment.server.cpus = 9;
    for row in &mut scenario.rows {
        row.server_cpu_user_us = row.server_cpu_user_us.map(|us| us * 8);
        row.server_cpu_system_us = row.server_cpu_system_us.map(|us| us * 8);
        row.host_cpu_busy_us = Some(
            row.server_cpu_user_us.unwrap()
                + row.server_cpu_system_us.unwrap()
                + row.client_cpu_us.unwrap(),
        );
    }
    let root = tempfile::tempdir().unwrap();
    scenario.write(root.path());
    let a = assess(root.path(), Completeness::Whole).unwrap();
    assert_eq!(verdict(&a, "card-saturation-500"), Verdict::Supported);
    assert_eq!(
        verdict(&a, "card-connect-errors-2000"),
        Verdict::Inconclusive
    );
}

#[test]
fn with_few_blocks_one_of_many_claims_is_not_decided() {
    let truth = Truth {
        kio_cpu: 0.9,
        blocks: 6,
        ..NO_DIFFERENCE
    };
    let root = tempfile::tempdir().unwrap();
    Scenario::new(truth).write(root.path());
    let a = assess(root.path(), Completeness::Whole).unwrap();
    assert_eq!(verdicts(&a, Family::Ours), [Verdict::Inconclusive]);
    let cpu = sentence(&a, "ours-cpu-50");
    assert!(cpu.contains("not as one of so many claims (Holm)"), "{cpu}");
    let headline = headline(&a, "headline-cpu");
    assert!(
        headline.starts_with("This run does not decide"),
        "{headline}"
    );
}
