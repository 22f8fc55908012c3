//! The files of a report: always the same bytes, numbers that stand in tables, names escaped.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use analysis::assess::{Assessment, assess};
use analysis::load::Completeness;
use analysis::report::{Bundle, report};

use super::support::{NO_DIFFERENCE, Scenario, Truth};

const HOSTILE: &str = "<script>|`*x*`&\"";

fn assessed(scenario: &Scenario, name: &str) -> Assessment {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join(name);
    scenario.write(&dir);
    assess(&dir, Completeness::Whole).unwrap()
}

fn bundle(scenario: &Scenario) -> Bundle {
    report(&[assessed(scenario, "run")]).unwrap()
}

fn small(truth: Truth) -> Scenario {
    Scenario::new(Truth { blocks: 6, ..truth })
}

/// The report of one small run, for all tests that only look at it.
static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| bundle(&small(NO_DIFFERENCE)));

#[test]
fn the_same_input_gives_the_same_bytes() {
    assert_eq!(bundle(&small(NO_DIFFERENCE)), *BUNDLE);
}

#[test]
fn the_order_of_the_rows_does_not_matter() {
    let mut reversed = small(NO_DIFFERENCE);
    reversed.rows.reverse();
    reversed.loads.reverse();
    assert_eq!(bundle(&reversed), *BUNDLE);
}

#[test]
fn all_promised_files_are_there() {
    let bundle = &*BUNDLE;
    for path in [
        "report.md",
        "report.html",
        "claims.json",
        "tables/cells.csv",
        "tables/ratios.csv",
        "tables/claims.csv",
        "tables/card-50.csv",
        "tables/card-500.md",
        "tables/card-2000.csv",
        "figures/throughput.svg",
        "figures/cpu.svg",
        "figures/latency.svg",
        "figures/forest.svg",
    ] {
        assert!(bundle.files().contains_key(path), "{path}");
    }
}

#[test]
fn every_ratio_of_the_headline_stands_in_the_table_of_ratios() {
    let scenario = small(Truth {
        kio_cpu: 0.93,
        ..NO_DIFFERENCE
    });
    let assessment = assessed(&scenario, "run");
    let headline: String = assessment.headline[..2]
        .iter()
        .map(|headline| headline.prose.to_plain())
        .collect();
    let bundle = report(&[assessment]).unwrap();
    let table = &bundle.files()["tables/ratios.md"];
    let ratios: Vec<&str> = headline
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .filter(|word| word.contains('.') && word.len() == 5)
        .collect();
    assert_eq!(ratios.len(), 2 * 3 * 3, "{headline}");
    for ratio in ratios {
        assert!(
            table.contains(ratio),
            "{ratio} of the headline is in no table"
        );
    }
}

#[test]
fn every_link_has_a_target() {
    links_hold(&BUNDLE);
}

/// Links inside the page have a target, and links of the Markdown are files of the report.
fn links_hold(bundle: &Bundle) {
    let page = &bundle.files()["report.html"];
    let ids: BTreeSet<&str> = values(page, " id=").collect();
    let links: BTreeSet<&str> = values(page, " href=")
        .filter_map(|to| to.strip_prefix('#'))
        .collect();
    assert!(links.len() > 20);
    for link in links {
        assert!(ids.contains(link), "#{link}");
    }
    assert_eq!(
        ids.len(),
        values(page, " id=").count(),
        "an id stands twice"
    );
    let targets = bundle.files()["report.md"].split("](").skip(1);
    let targets: Vec<&str> = targets
        .map(|part| part.split(')').next().unwrap())
        .collect();
    assert!(targets.len() > 20);
    for target in targets {
        let is_file = bundle.files().contains_key(target) || bundle.binaries().contains_key(target);
        let anchor = target
            .strip_prefix('#')
            .map(|id| format!("<a id=\"{id}\">"));
        let is_place = anchor.is_some_and(|anchor| bundle.files()["report.md"].contains(&anchor));
        assert!(is_file || is_place, "{target}");
    }
}

#[test]
fn the_page_needs_nothing_beside_it() {
    let bundle = &*BUNDLE;
    let page = &bundle.files()["report.html"];
    for outside in [
        "<link", "<script ", "src=", "url(", "@import", "http:", "https:",
    ] {
        let elsewhere = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!elsewhere.contains(outside), "{outside}");
    }
    assert_eq!(page.matches("<script>").count(), 1);
}

#[test]
fn a_figures_file_needs_no_page_around_it() {
    let figures = || {
        BUNDLE
            .files()
            .iter()
            .filter(|(path, _)| path.ends_with(".svg"))
    };
    assert!(figures().count() >= 8);
    for (path, svg) in figures() {
        assert!(svg.contains("<style>text{fill:#"), "{path}");
        assert!(!svg.contains("var("), "{path}");
        // More than the paper, the title and a grid.
        let drawn = [
            "<circle",
            "<rect class=\"bar\"",
            "<rect class=\"cell\"",
            "class=\"curve\"",
            "class=\"mark\"",
        ];
        assert!(
            drawn.iter().any(|mark| svg.contains(mark)),
            "{path} is empty"
        );
    }
}

#[test]
fn every_table_is_there_as_csv_and_as_parquet() {
    let csv: Vec<&str> = (BUNDLE.files().keys())
        .filter_map(|path| path.strip_suffix(".csv"))
        .collect();
    let parquet: Vec<&str> = (BUNDLE.binaries().keys())
        .filter_map(|path| path.strip_suffix(".parquet"))
        .collect();
    assert!(csv.len() > 15);
    assert_eq!(csv, parquet);
    for (path, bytes) in BUNDLE.binaries() {
        assert!(
            bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"),
            "{path}"
        );
    }
}

#[test]
fn rows_lead_down_to_measurements() {
    let files = BUNDLE.files();
    let ids = |table: &str| -> BTreeSet<String> {
        let text = &files[&format!("tables/{table}.csv")];
        text.lines()
            .skip(1)
            .map(|line| line.split(',').next().unwrap().to_owned())
            .collect()
    };
    let bases = |table: &str| -> BTreeSet<String> {
        let text = &files[&format!("tables/{table}.csv")];
        assert!(
            text.lines().next().unwrap().ends_with(",rests_on"),
            "{table}"
        );
        text.lines()
            .skip(1)
            .map(|line| line.rsplit(',').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(bases("measurements"), ids("cells"));
    assert!(bases("ratios").is_subset(&ids("cells")));
    assert!(bases("cpu-ratios").is_subset(&ids("ratios")));
    assert_eq!(bases("throughput"), ids("cells"));
}

#[test]
fn hostile_names_stay_names() {
    let mut scenario = small(NO_DIFFERENCE).only(50);
    scenario.rename("tokio-published", HOSTILE);
    let bundle = bundle(&scenario);
    for (path, content) in bundle.files() {
        let escaped = match Path::new(path).extension().and_then(|e| e.to_str()) {
            Some("html" | "svg" | "md") => true,
            _ => continue,
        };
        let own = usize::from(path == "report.html");
        assert!(
            escaped && content.matches("<script>").count() == own,
            "{path}"
        );
    }
    let row = bundle.files()["tables/throughput.md"]
        .lines()
        .nth(2)
        .unwrap();
    assert!(row.contains(r"&lt;script&gt;\|\`\*x\*\`&amp;"), "{row}");
}

#[test]
fn several_runs_make_one_report_with_a_part_each() {
    let first = assessed(&small(NO_DIFFERENCE).only(50), "2026-01-01-a-quick");
    let second = assessed(&small(NO_DIFFERENCE).only(50), "2026-01-02-b-quick");
    let bundle = report(&[first, second]).unwrap();
    let files = bundle.files();
    for path in [
        "tables/runs.csv",
        "tables/2026-01-01-a-quick/cells.csv",
        "tables/2026-01-02-b-quick/cells.csv",
        "figures/2026-01-02-b-quick/cpu.svg",
    ] {
        assert!(files.contains_key(path), "{path}");
    }
    assert_eq!(
        files.keys().filter(|path| path.ends_with(".html")).count(),
        1
    );
    links_hold(&bundle);
    // The first run's answer is the report's; the other's stands in its part.
    assert!(files["report.md"].contains("Not measured in these runs: "));
    let text = &files["report.md"];
    let answers: Vec<&str> = values(text, "<a id=")
        .filter(|id| id.ends_with(".headline-cpu"))
        .collect();
    assert_eq!(
        answers,
        [
            "2026-01-01-a-quick.headline-cpu",
            "2026-01-02-b-quick.headline-cpu"
        ]
    );
    let first = text.find(answers[0]).unwrap();
    assert!(first < text.find("</a>The runs\n").unwrap());
    let claims: serde_json::Value = serde_json::from_str(&files["claims.json"]).unwrap();
    assert_eq!(claims["runs"].as_array().unwrap().len(), 2);
}

fn values<'a>(page: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    page.split(start).skip(1).map(|rest| {
        let quoted = rest.strip_prefix('"');
        let ends: &[char] = if quoted.is_some() {
            &['"']
        } else {
            &[' ', '>']
        };
        quoted.unwrap_or(rest).split(ends).next().unwrap()
    })
}
