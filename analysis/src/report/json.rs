//! `claims.json`: headline and verdicts for other programs.

use serde::Serialize;

use super::chapters::row_link;
use super::scale::scale;
use crate::assess::Assessment;
use crate::claims::{Claim, Judged, RowRef};
use crate::experiments::short_name;
use crate::model::Study;
use crate::text::{load_label, precise};

#[derive(Serialize)]
struct File<'a> {
    /// How large the machines and the servers were, in a sentence.
    scale: String,
    runs: Vec<RunEntry<'a>>,
}

#[derive(Serialize)]
struct RunEntry<'a> {
    run: &'a str,
    /// Where its tables and figures are, below those of all runs; empty in the report of one run.
    folder: String,
    experiment: &'a str,
    headline: Vec<HeadlineEntry>,
    claims: Vec<ClaimEntry>,
    not_measured: Vec<Claimed>,
}

#[derive(Serialize)]
struct HeadlineEntry {
    id: String,
    sentence: String,
    markdown: String,
    rows: Vec<String>,
}

#[derive(Serialize)]
struct Claimed {
    id: String,
    family: &'static str,
    quote: String,
    arms: Vec<String>,
    metric: &'static str,
    loads: Vec<String>,
    claimed: Option<serde_json::Number>,
}

#[derive(Serialize)]
struct ClaimEntry {
    #[serde(flatten)]
    claimed: Claimed,
    verdict: &'static str,
    found: Vec<Found>,
    p: Option<serde_json::Number>,
    p_holm: Option<serde_json::Number>,
    sentence: String,
    markdown: String,
    rows: Vec<String>,
}

#[derive(Serialize)]
struct Found {
    load: String,
    verdict: &'static str,
    found: Option<serde_json::Number>,
    low: Option<serde_json::Number>,
    high: Option<serde_json::Number>,
    blocks: Option<usize>,
}

/// The file's content.
pub(super) fn claims(assessments: &[Assessment]) -> Result<String, serde_json::Error> {
    let file = File {
        scale: scale(assessments.iter().map(|assessment| &assessment.study)).to_plain(),
        runs: (assessments.iter())
            .map(|assessment| run(assessments, assessment))
            .collect(),
    };
    Ok(serde_json::to_string_pretty(&file)? + "\n")
}

fn run<'a>(assessments: &[Assessment], assessment: &'a Assessment) -> RunEntry<'a> {
    let study = &assessment.study;
    RunEntry {
        run: &study.name,
        folder: match assessments {
            [_] => String::new(),
            several => short_name(several, study),
        },
        experiment: &study.plan.experiment,
        headline: (assessment.headline.iter())
            .map(|headline| HeadlineEntry {
                id: headline.id.to_owned(),
                sentence: headline.prose.to_plain(),
                markdown: headline.prose.to_markdown(),
                rows: rows(study, &headline.rests_on),
            })
            .collect(),
        claims: (assessment.claims.judged.iter())
            .map(|judged| entry(study, judged))
            .collect(),
        not_measured: (assessment.claims.not_measured.iter())
            .map(claimed)
            .collect(),
    }
}

fn claimed(claim: &Claim) -> Claimed {
    let subject = claim.subject();
    Claimed {
        id: claim.id.clone(),
        family: claim.family.name(),
        quote: claim.quote.clone(),
        arms: subject.arms.into_iter().cloned().collect(),
        metric: subject.metric,
        loads: subject.loads.iter().map(load_label).collect(),
        claimed: subject.claimed.and_then(number),
    }
}

fn entry(study: &Study, judged: &Judged) -> ClaimEntry {
    let found = (judged.points.iter())
        .map(|result| Found {
            load: load_label(study.load(result.point)),
            verdict: result.decision.verdict.word(),
            found: result.estimate.and_then(|e| number(e.value)),
            low: result.estimate.and_then(|e| number(e.low)),
            high: result.estimate.and_then(|e| number(e.high)),
            blocks: result.estimate.map(|e| e.blocks),
        })
        .collect();
    ClaimEntry {
        claimed: claimed(&judged.claim),
        verdict: judged.verdict.word(),
        found,
        p: judged.p.and_then(number),
        p_holm: judged.p_holm.and_then(number),
        sentence: judged.sentence.to_plain(),
        markdown: judged.sentence.to_markdown(),
        rows: rows(study, &judged.rests_on),
    }
}

/// The same digits as in the CSV files.
fn number(value: f64) -> Option<serde_json::Number> {
    precise(value).parse().ok()
}

fn rows(study: &Study, rests_on: &[RowRef]) -> Vec<String> {
    (rests_on.iter())
        .map(|row| row_link(study, *row))
        .map(|link| format!("tables/{}.csv#{}", link.table, link.id))
        .collect()
}
