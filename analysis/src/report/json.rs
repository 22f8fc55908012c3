//! `claims.json`: headline and verdicts for other programs.

use serde::Serialize;

use super::chapters::row_link;
use crate::assess::Assessment;
use crate::claims::{Claim, Judged, RowRef, Test};
use crate::model::Study;
use crate::text::{load_label, precise};

#[derive(Serialize)]
struct File<'a> {
    run: &'a str,
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
    arms: [String; 2],
    metric: &'static str,
    loads: Vec<String>,
    claimed_ratio: Option<serde_json::Number>,
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
    ratio: Option<serde_json::Number>,
    low: Option<serde_json::Number>,
    high: Option<serde_json::Number>,
    blocks: Option<usize>,
}

/// The file's content.
pub(super) fn claims(assessment: &Assessment) -> Result<String, serde_json::Error> {
    let study = &assessment.study;
    let headline = (assessment.headline.iter())
        .map(|headline| HeadlineEntry {
            id: headline.id.to_owned(),
            sentence: headline.prose.to_plain(),
            markdown: headline.prose.to_markdown(),
            rows: rows(study, &headline.rests_on),
        })
        .collect();
    let file = File {
        run: &study.name,
        headline,
        claims: (assessment.claims.judged.iter())
            .map(|judged| entry(study, judged))
            .collect(),
        not_measured: (assessment.claims.not_measured.iter())
            .map(claimed)
            .collect(),
    };
    Ok(serde_json::to_string_pretty(&file)? + "\n")
}

fn claimed(claim: &Claim) -> Claimed {
    let (arms, metric, loads, ratio) = match &claim.test {
        Test::Ratio {
            ours,
            base,
            metric,
            loads,
            shape,
        } => (
            [ours.clone(), base.clone()],
            metric.column(),
            loads.as_slice(),
            number(shape.ratio()),
        ),
        Test::Saturation { arms, load } => (
            arms.clone(),
            "server_cores_busy",
            std::slice::from_ref(load),
            None,
        ),
        Test::ConnectErrors { arms, load, .. } => (
            arms.clone(),
            "socket_errors_connect",
            std::slice::from_ref(load),
            None,
        ),
    };
    Claimed {
        id: claim.id.clone(),
        family: claim.family.name(),
        quote: claim.quote.clone(),
        arms,
        metric,
        loads: loads.iter().map(load_label).collect(),
        claimed_ratio: ratio,
    }
}

fn entry(study: &Study, judged: &Judged) -> ClaimEntry {
    let found = (judged.points.iter())
        .map(|result| Found {
            load: load_label(study.load(result.point)),
            verdict: result.decision.verdict.word(),
            ratio: result.estimate.and_then(|e| number(e.value)),
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
