//! The results section of the README, between two markers.

use super::chapters::machine;
use super::scale::scale;
use crate::assess::Assessment;
use crate::claims::{Family, Judged, OUR_ARM, Verdict};
use crate::experiments::{absent, experiment};
use crate::figures;
use crate::metric::Metric;
use crate::model::{BASELINE_ARM, Outcome, Study};
use crate::tables::{Column, Display, Kind, Line, Table, Value};
use crate::text::{Prose, escape_markdown, fixed, joined, load_label};

/// The line before the generated section.
pub const BEGIN: &str = "<!-- results:begin -->";
/// The line after it.
pub const END: &str = "<!-- results:end -->";

/// Why a section could not be placed.
#[derive(Debug, thiserror::Error)]
pub enum SpliceError {
    /// A marker is absent, or there are several, or they stand in the wrong order.
    #[error(
        "{file}: needs one line {BEGIN} and, after it, one line {END}; the results section goes \
         between them. Add both lines"
    )]
    Markers {
        /// The file.
        file: String,
    },
}

/// The generated section: the answer, which is the first run's, and of several runs a line each. Where
/// the answer's figure is kept in a file, `figure` is its address from the text.
pub fn section(assessments: &[Assessment], figure: Option<&str>) -> String {
    let Some(first) = assessments.first() else {
        return String::new();
    };
    let mut text = String::new();
    if assessments.len() > 1 {
        text += &format!("Of the run {}: ", link(&first.study));
    }
    text += &answer(first, figure);
    let scale = scale(assessments.iter().map(|assessment| &assessment.study));
    if let [only] = assessments {
        text += &verdict_lists(only);
        let folder = folder(&only.study);
        let link = Prose::from("Raw data: ").link(folder.as_str(), folder.as_str());
        return text + &format!("{} {}\n", scale.to_markdown(), link.text(".").to_markdown());
    }
    let absent: Vec<Prose> = (absent(assessments).into_iter())
        .map(|experiment| Prose::new().code(experiment.name))
        .collect();
    text += &format!(
        "All of that is the first run's; the others, with their raw rows, say more. The ratio is that of CPU a request, {} to {}, at the valid loads \
         where it is lowest and highest, without their intervals.{} {}\n\n",
        Prose::new().code(OUR_ARM).to_markdown(),
        Prose::new().code(BASELINE_ARM).to_markdown(),
        if absent.is_empty() {
            String::new()
        } else {
            format!(" Not measured: {}.", joined(absent).to_markdown())
        },
        scale.to_markdown()
    );
    text += "| Experiment | asks | Ratio | Our claims and targets |\n| --- | --- | ---: | --- |\n";
    for assessment in assessments {
        text += &run_line(assessment);
    }
    text
}

/// Where the README finds a run.
fn folder(study: &Study) -> String {
    format!("results/{}", study.name)
}

fn link(study: &Study) -> String {
    Prose::new()
        .link(study.title(), folder(study))
        .to_markdown()
}

fn run_line(assessment: &Assessment) -> String {
    let study = &assessment.study;
    let asked = experiment(&study.plan.experiment).map_or("", |experiment| experiment.question);
    format!(
        "| {} | {} | {} | {} |\n",
        link(study),
        escape_markdown(asked),
        range(study),
        escape_markdown(&counted(assessment))
    )
}

/// The lowest and the highest ratio of our server to the baseline.
fn range(study: &Study) -> String {
    let points = study.plan.load_points.len();
    let outcomes: Vec<&Outcome> = (0..points)
        .filter_map(|point| study.ratio(study.headline_pair()?, point, Metric::CpuUsPerRequest))
        .map(|ratio| &ratio.outcome)
        .collect();
    let estimates = outcomes.iter().filter_map(|outcome| outcome.estimate());
    let ratios: Vec<f64> = estimates.map(|estimate| estimate.value).collect();
    let invalid = (outcomes.iter())
        .filter(|outcome| matches!(outcome, Outcome::Invalid(_)))
        .count();
    let left_out = match invalid {
        0 => String::new(),
        _ => format!("; {invalid} of {points} loads invalid"),
    };
    let lowest = ratios.iter().copied().reduce(f64::min);
    let highest = ratios.iter().copied().reduce(f64::max);
    match (lowest, highest) {
        (Some(low), Some(high)) if low < high => {
            format!("{} to {}{left_out}", fixed(low, 3), fixed(high, 3))
        }
        (Some(only), _) => format!("{}{left_out}", fixed(only, 3)),
        _ if invalid > 0 => format!("\u{2013}{left_out}"),
        _ => "\u{2013}".to_owned(),
    }
}

/// How many of our claims and targets have which verdict in a run.
fn counted(assessment: &Assessment) -> String {
    let judged = || {
        [Family::Ours, Family::Target]
            .into_iter()
            .flat_map(|family| assessment.claims.of(family))
    };
    let counts: Vec<String> = (Verdict::ALL.into_iter())
        .map(|verdict| {
            let of = judged().filter(|judged| judged.verdict == verdict);
            (of.count(), verdict.word())
        })
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if counts.is_empty() {
        return "\u{2013}".to_owned();
    }
    counts.join(", ")
}

/// `text` with `section` between the markers. `file` is named in errors.
pub fn splice(file: &str, text: &str, section: &str) -> Result<String, SpliceError> {
    let markers = || SpliceError::Markers {
        file: file.to_owned(),
    };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let find = |marker: &str| {
        let mut places = (0..lines.len()).filter(|place| lines[*place].trim() == marker);
        places.next().filter(|_| places.next().is_none())
    };
    let begin = find(BEGIN).ok_or_else(markers)?;
    let end = find(END).filter(|end| *end > begin).ok_or_else(markers)?;
    Ok(format!(
        "{}{section}{}",
        lines[..=begin].concat(),
        lines[end..].concat()
    ))
}

/// The first line in which two texts differ: its number and both contents.
pub fn first_difference<'a>(found: &'a str, wanted: &'a str) -> Option<(usize, &'a str, &'a str)> {
    let (mut left, mut right) = (found.lines(), wanted.lines());
    for number in 1.. {
        match (left.next(), right.next()) {
            (None, None) => break,
            (a, b) if a == b => {}
            (a, b) => return Some((number, a.unwrap_or("nothing"), b.unwrap_or("nothing"))),
        }
    }
    (found != wanted).then_some((1, "other line ends", "plain line ends"))
}

/// The answer in words, as a figure and as a table, and on what it was measured.
fn answer(assessment: &Assessment, figure: Option<&str>) -> String {
    let study = &assessment.study;
    let mut text = String::new();
    for (place, headline) in assessment.headline.iter().enumerate() {
        let prose = headline.prose.to_markdown();
        text += &match place {
            0 => format!("**{}**\n\n", prose.replace("**", "")),
            _ => format!("{prose}\n\n"),
        };
    }
    if let Some((figure, address)) = figures::answer(study).zip(figure) {
        text += &format!("![{}]({address})\n\n", escape_markdown(&figure.title));
    }
    if let Some(table) = table(study) {
        text += &format!("{}\n", table.to_markdown());
    }
    text + &format!("{}\n\n", machine(study).to_markdown())
}

/// Which claims and targets have which verdict, a line a family.
fn verdict_lists(assessment: &Assessment) -> String {
    [
        (Family::Card, "The card's claims"),
        (Family::Ours, "Our claims"),
        (Family::Target, "Our targets"),
    ]
    .into_iter()
    .filter_map(|(family, name)| verdicts(assessment, family, name))
    .map(|line| format!("{}\n\n", line.to_markdown()))
    .collect()
}

/// CPU a request and requests a second as ratios, and kernel entries, a line a load.
fn table(study: &Study) -> Option<Table> {
    let pair = study.headline_pair()?;
    let line = |point: usize| {
        let ratio = |metric| {
            let outcome = study.ratio(pair, point, metric).map(|ratio| &ratio.outcome);
            match outcome {
                Some(Outcome::Invalid(_)) => Value::Text("invalid".to_owned()),
                other => Value::estimate(other.and_then(|o| o.estimate()), Display::Decimals(3)),
            }
        };
        let entries = |arm| {
            let cell = study.cell(arm, point);
            Value::estimate(
                cell.quotable(Metric::KernelEntriesPerRequest),
                Display::Decimals(2),
            )
        };
        Line::plain(vec![
            Value::Text(load_label(study.load(point))),
            ratio(Metric::CpuUsPerRequest),
            ratio(Metric::RequestsPerSecond),
            entries(pair.ours),
            entries(pair.base),
        ])
    };
    Some(Table {
        name: "readme".to_owned(),
        title: String::new(),
        columns: vec![
            Column::new("load", "Connections", Kind::Numbers),
            Column::new("cpu", "CPU a request, ratio", Kind::Estimates),
            Column::new("throughput", "Requests a second, ratio", Kind::Estimates),
            Column::new(
                "entries",
                format!("Kernel entries a request, {OUR_ARM}"),
                Kind::Estimates,
            ),
            Column::new("entries_base", BASELINE_ARM, Kind::Estimates),
        ],
        lines: (0..study.plan.load_points.len()).map(line).collect(),
    })
}

/// "The card's claims: supported a, b; refuted c."
fn verdicts(assessment: &Assessment, family: Family, name: &str) -> Option<Prose> {
    let with = |verdict: Verdict| -> Vec<&Judged> {
        (assessment.claims.of(family))
            .filter(|judged| judged.verdict == verdict)
            .collect()
    };
    let groups: Vec<(Verdict, Vec<&Judged>)> = Verdict::ALL
        .into_iter()
        .map(|verdict| (verdict, with(verdict)))
        .filter(|(_, judged)| !judged.is_empty())
        .collect();
    if groups.is_empty() {
        return None;
    }
    let mut prose = Prose::from(format!("{name}: "));
    for (place, (verdict, judged)) in groups.into_iter().enumerate() {
        let names = judged
            .into_iter()
            .map(|j| Prose::new().code(&j.claim.id))
            .collect();
        prose = prose
            .text(if place > 0 { "; " } else { "" })
            .strong(verdict.word())
            .text(" ")
            .then(joined(names));
    }
    Some(prose.text("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Title\n<!-- results:begin -->\nold\n<!-- results:end -->\nrest\n";

    #[test]
    fn the_section_replaces_what_was_there_and_nothing_else() {
        let once = splice("README.md", FILE, "new\n").unwrap();
        assert_eq!(once, FILE.replace("old", "new"));
        assert_eq!(splice("README.md", &once, "new\n").unwrap(), once);
    }

    #[test]
    fn absent_double_or_reversed_markers_are_refused() {
        for file in [
            "no markers\n".to_owned(),
            format!("{BEGIN}\n"),
            format!("{END}\n{BEGIN}\n"),
            format!("{BEGIN}\n{BEGIN}\n{END}\n"),
        ] {
            let error = splice("README.md", &file, "new\n").unwrap_err().to_string();
            assert!(
                error.contains("README.md") && error.contains(BEGIN),
                "{error}"
            );
        }
    }

    #[test]
    fn the_first_differing_line_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some((2, "b", "c")));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some((2, "nothing", "b")));
        assert!(first_difference("a\r\n", "a\n").is_some());
    }
}
