//! Ladder, floors, other servers, idle connections, shared processors: what the report says of runs
//! whose truth is known.

use analysis::assess::{Assessment, assess};
use analysis::claims::{Effect, Family, Verdict, effect_at, effects};
use analysis::load::Completeness;
use analysis::metric::Metric;
use analysis::model::{Pair, rungs};
use analysis::report::{Bundle, report};
use records::{ArmEntry, LeftOut};

use super::runs;
use super::support::{Scenario, load};

fn assessed(name: &str, scenario: &Scenario) -> Assessment {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join(name);
    scenario.write(&dir);
    assess(&dir, Completeness::Whole).unwrap()
}

/// Assesses the scenario, and holds its report against the committed one.
fn golden(name: &str, scenario: &Scenario) -> (Assessment, Bundle) {
    let assessments = [assessed(name, scenario)];
    let bundle = report(&assessments).unwrap();
    insta::assert_snapshot!(format!("report-{name}"), bundle.files()["report.md"]);
    let [assessment] = assessments;
    (assessment, bundle)
}

fn verdict(assessment: &Assessment, id: &str) -> Verdict {
    let judged = assessment.claims.judged.iter().find(|j| j.claim.id == id);
    judged.unwrap_or_else(|| panic!("no claim {id}")).verdict
}

fn sentence(assessment: &Assessment, id: &str) -> String {
    let judged = assessment.claims.judged.iter().find(|j| j.claim.id == id);
    judged.unwrap().sentence.to_plain()
}

fn headline(assessment: &Assessment, id: &str) -> Option<String> {
    let found = assessment.headline.iter().find(|h| h.id == id);
    found.map(|headline| headline.prose.to_plain())
}

fn effect_of(a: &Assessment, ours: &str, base: &str, point: usize) -> Effect {
    let study = &a.study;
    let [ours, base] = [ours, base].map(|name| study.arm(name).unwrap());
    let pair = Pair { ours, base };
    let found = effects(study, &[pair], Metric::CpuUsPerRequest);
    effect_at(&found, pair, point)
}

/// The lines of a CSV table that begin with these fields.
fn lines<'a>(bundle: &'a Bundle, table: &str, start: &str) -> Vec<&'a str> {
    let text = &bundle.files()[&format!("tables/{table}.csv")];
    text.lines()
        .filter(|line| line.starts_with(start))
        .collect()
}

#[test]
fn each_rung_has_its_effect_and_its_word() {
    let mut scenario = runs::ladder();
    let row = scenario.row(2, "kio-uring-oneshot", 500);
    row.socket_errors = Some(7);
    row.socket_errors_read = Some(7);
    let (a, bundle) = golden("ladder", &scenario);
    let order: Vec<&str> = rungs(&a.study.plan)
        .iter()
        .map(|pair| a.study.arm_name(pair.ours))
        .collect();
    assert_eq!(
        order,
        [
            "tokio-per-core",
            "kio-epoll",
            "kio-uring-oneshot",
            "kio-uring"
        ]
    );
    for (ours, base, point, wanted) in [
        ("tokio-per-core", "tokio-published", 0, Effect::Same),
        ("kio-epoll", "tokio-per-core", 0, Effect::Less),
        ("kio-uring-oneshot", "kio-epoll", 0, Effect::More),
        ("kio-uring-oneshot", "kio-epoll", 1, Effect::Invalid),
        ("kio-uring", "kio-uring-oneshot", 0, Effect::Less),
        ("kio-uring", "kio-uring-oneshot", 1, Effect::Invalid),
        ("kio-uring-heap", "kio-uring", 1, Effect::Same),
    ] {
        assert_eq!(
            effect_of(&a, ours, base, point),
            wanted,
            "{ours} at {point}"
        );
    }
    let said = headline(&a, "headline-ladder").unwrap();
    assert!(
        said.contains("Helps: kio-epoll at every load and kio-uring at 50 connections."),
        "{said}"
    );
    assert!(
        said.contains("Costs: kio-uring-oneshot at 50 connections."),
        "{said}"
    );
    assert!(
        said.contains("Equivalent within 2\u{a0}%: tokio-per-core at every load."),
        "{said}"
    );
    let epoll = lines(&bundle, "ladder", "kio-epoll,tokio-per-core,50,");
    assert!(
        epoll.len() == 1 && epoll[0].contains(",helps,0."),
        "{epoll:?}"
    );
    assert!(
        lines(
            &bundle,
            "ladder",
            "kio-uring-oneshot,kio-epoll,500,,,,invalid"
        )
        .len()
            == 1
    );
    assert!(bundle.files().contains_key("figures/ladder.svg"));
}

#[test]
fn an_arm_that_was_not_what_the_plan_has_of_it_is_named() {
    let mut scenario = runs::ladder();
    let arms = &mut scenario.plan.arms;
    let declare = |arm: &&mut ArmEntry| arm.name == "kio-uring-oneshot";
    // The synthetic start line is `synthetic` and the arm's name.
    arms.iter_mut().find(declare).unwrap().changes = Some(
        ["+synthetic", "+direct-descriptors", "-epoll", "-synthetic"]
            .map(str::to_owned)
            .to_vec(),
    );
    let assessment = assessed("contradicted", &scenario);
    let bundle = report(&[assessment]).unwrap();
    let text = &bundle.files()["report.md"];
    let said: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("but not, by its start lines"))
        .collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("`kio-uring-oneshot` differs from"),
        "{}",
        said[0]
    );
    assert!(
        said[0].ends_with("`+direct-descriptors -synthetic`"),
        "{}",
        said[0]
    );
}

#[test]
fn loads_that_the_machine_could_not_have_are_named_with_their_reason() {
    let mut scenario = runs::ladder();
    scenario.plan.left_out = vec![LeftOut {
        because: "files: 20000 may be open".to_owned(),
        load: load(50_000),
    }];
    let bundle = report(&[assessed("left-out", &scenario)]).unwrap();
    let said = "Not measured: 50000 connections (files: 20000 may be open).";
    assert!(bundle.files()["report.md"].contains(said));
}

#[test]
fn a_ladder_is_not_drawn_where_no_rung_has_its_lower_one() {
    let (_, bundle) = golden("peers", &runs::peers());
    assert!(!bundle.files().contains_key("tables/ladder.csv"));
    assert!(!bundle.files().contains_key("tables/floors.csv"));
}

#[test]
fn floors_are_missed_or_reached_by_their_limits() {
    let a = assessed("floors", &runs::ladder());
    // 0.85 to 0.84 and 1.08 to 0.84; 0.90 to 0.80.
    assert_eq!(verdict(&a, "target-uring-floor-50"), Verdict::Supported);
    assert_eq!(verdict(&a, "target-uring-floor-500"), Verdict::Refuted);
    assert_eq!(verdict(&a, "target-epoll-floor-50"), Verdict::Refuted);
    assert_eq!(verdict(&a, "target-cpu-50"), Verdict::Supported);
    assert_eq!(verdict(&a, "target-cpu-500"), Verdict::Refuted);
    assert_eq!(verdict(&a, "target-entries-500"), Verdict::Supported);
    assert!(
        a.claims
            .judged
            .iter()
            .all(|j| !j.claim.id.starts_with("target-peer"))
    );
}

#[test]
fn a_limit_inside_the_interval_decides_nothing() {
    let mut scenario = runs::ladder();
    for row in &mut scenario.rows {
        if row.arm == "kio-uring" && row.connections == 50 {
            // From 0.85 to just the limit of 0.95, a little more in half of the blocks.
            let share = if row.block % 2 == 0 { 0.985 } else { 1.015 };
            row.server_cpu_system_us = row
                .server_cpu_system_us
                .map(|us| (us as f64 * share * 0.95 / 0.85) as u64);
            row.server_cpu_user_us = row
                .server_cpu_user_us
                .map(|us| (us as f64 * share * 0.95 / 0.85) as u64);
            row.host_cpu_busy_us = row.host_cpu_busy_us.map(|us| us + us / 10);
        }
    }
    let a = assessed("straddles", &scenario);
    assert_eq!(verdict(&a, "target-cpu-50"), Verdict::Inconclusive);
    let text = sentence(&a, "target-cpu-50");
    assert!(
        text.contains("the limit of at most 0.95 is inside the interval"),
        "{text}"
    );
}

#[test]
fn other_servers_are_compared_like_with_like() {
    let a = assessed("peers", &runs::peers());
    let bundle = report(&[assessed("peers", &runs::peers())]).unwrap();
    let dear = lines(&bundle, "peers", "kio-uring,dear,50,0.75");
    assert!(
        dear.len() == 1 && dear[0].contains("steady part"),
        "{dear:?}"
    );
    // Of the steady part ours has 12 to the other's 13.5; of the whole window 15.
    let cheap = lines(&bundle, "peers", "kio-uring,cheap,50,1.1");
    assert!(
        cheap.len() == 1 && cheap[0].contains("whole window"),
        "{cheap:?}"
    );
    assert_eq!(verdict(&a, "target-peer-dear-50"), Verdict::Supported);
    assert_eq!(verdict(&a, "target-peer-cheap-500"), Verdict::Refuted);
    let said = headline(&a, "headline-peers").unwrap();
    assert!(
        said.contains("Less than: dear at every load. More than: cheap at every load."),
        "{said}"
    );
    assert_eq!(headline(&a, "headline-cpu"), None);
}

#[test]
fn tails_and_kernel_entries_are_judged_where_the_server_is_saturated() {
    let (a, bundle) = golden("saturated", &runs::saturated(2.0));
    assert_eq!(verdict(&a, "target-tail-2000-flood"), Verdict::Supported);
    assert_eq!(
        verdict(&a, "target-entries-saturated-500-flood"),
        Verdict::Supported
    );
    assert!(lines(&bundle, "tail", "kio-uring,2000 flood").len() == 1);
    assert!(lines(&bundle, "tail", "kio-uring,50 flood").is_empty());
    assert!(bundle.files()["report.md"].contains("of flood as measured, without any correction"));
    let reversed = assessed("saturated", &runs::saturated(4.0));
    assert_eq!(
        verdict(&reversed, "target-tail-2000-flood"),
        Verdict::Refuted
    );

    let mut scenario = runs::saturated(2.0);
    for row in &mut scenario.rows {
        row.server_cpu_user_us = Some(1000);
        row.host_cpu_busy_us = row.host_cpu_busy_us.map(|us| us * 7 / 10);
    }
    let a = assessed("unsaturated", &scenario);
    for id in [
        "target-tail-2000-flood",
        "target-entries-saturated-500-flood",
    ] {
        assert_eq!(verdict(&a, id), Verdict::Inconclusive);
        let text = sentence(&a, id);
        assert!(
            text.contains("it is about servers at their limit"),
            "{text}"
        );
    }
}

#[test]
fn idle_connections_cost_memory_and_time_that_is_judged() {
    let (a, bundle) = golden("idle", &runs::idle(800, 1.05));
    assert_eq!(
        verdict(&a, "target-idle-memory-1000-idle10000-flood"),
        Verdict::Supported
    );
    assert_eq!(
        verdict(&a, "target-idle-cpu-1000-idle10000-flood"),
        Verdict::Supported
    );
    let line = lines(&bundle, "idle", "kio-uring,1000 + 10000 idle flood");
    assert!(
        line.len() == 1 && line[0].contains(",800,800,800,"),
        "{line:?}"
    );
    let a = assessed("idle", &runs::idle(2000, 1.3));
    for judged in a.claims.of(Family::Target) {
        assert_eq!(judged.verdict, Verdict::Refuted, "{}", judged.claim.id);
    }
    let mut scenario = runs::idle(800, 1.05);
    scenario.rows[3].connections_open = Some(1000);
    let a = assessed("idle", &scenario);
    for judged in a.claims.of(Family::Target) {
        assert_eq!(judged.verdict, Verdict::Invalid, "{}", judged.claim.id);
    }
}

#[test]
fn a_lone_connection_must_be_twice_as_fast() {
    for (faster, wanted) in [(2.2, Verdict::Supported), (1.5, Verdict::Refuted)] {
        let a = assessed("single", &runs::single(faster));
        assert_eq!(verdict(&a, "target-single-1-flood"), wanted);
    }
}

#[test]
fn shared_processors_are_a_table_of_their_own_and_judge_no_claim() {
    let (a, bundle) = golden("shared", &runs::shared());
    assert_eq!(a.claims.judged.len(), 0);
    let text = &bundle.files()["report.md"];
    assert!(text.contains("Server and load generator share the processors: nothing is pinned"));
    assert!(
        headline(&a, "headline-cpu")
            .unwrap()
            .contains("spends more CPU a request")
    );
    assert!(lines(&bundle, "shared", "kio-uring,tokio-published,50,1.06").len() == 1);
    assert!(lines(&bundle, "balance", "kio-uring,50,1").len() == 1);
}

#[test]
fn one_report_of_different_experiments_pools_nothing() {
    let runs = [
        assessed("2026-01-01-x-ladder", &runs::ladder()),
        assessed("2026-01-01-x-saturated", &runs::saturated(2.0)),
        assessed("2026-01-01-x-shared", &runs::shared()),
    ];
    let bundle = report(&runs).unwrap();
    let text = &bundle.files()["report.md"];
    for heading in [
        "Experiment ladder",
        "Experiment saturated",
        "Experiment shared",
        "The ladder",
    ] {
        assert!(text.contains(&format!("</a>{heading}\n")), "{heading}");
    }
    let targets = &bundle.files()["tables/targets.csv"];
    assert!(
        targets.contains("target-cpu-50,supported,ladder"),
        "{targets}"
    );
    assert!(
        targets.contains("target-tail-2000-flood,supported,saturated"),
        "{targets}"
    );
    assert!(!targets.contains(",shared,"), "{targets}");
    assert_eq!(report(&runs).unwrap(), bundle);
}
