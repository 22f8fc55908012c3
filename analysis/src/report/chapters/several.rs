//! The report of several runs: one answer, then a part a run. Runs are never pooled.

use super::{TITLE, answer, closing, forensics, heading, profile, run_chapters};
use crate::assess::Assessment;
use crate::report::document::{Block, Document};
use crate::report::scope::{scoped, scoped_id};
use crate::tables;
use crate::text::Prose;

/// One report of several runs. The first gives the answer at the top.
pub(in crate::report) fn document(assessments: &[Assessment]) -> Document {
    let mut blocks = Vec::new();
    if let Some(first) = assessments.first() {
        blocks.extend(scoped(&first.study.name, answer::chapter(first)));
    }
    blocks.extend(overview(assessments));
    for (place, assessment) in assessments.iter().enumerate() {
        blocks.extend(part(assessment, place == 0));
    }
    if let Some(first) = assessments.first() {
        blocks.extend(profile::chapter(&first.profiles));
        blocks.extend(forensics::chapter(&first.published));
    }
    blocks.extend(closing::bias());
    blocks.extend(closing::reproduce(assessments.iter().map(|a| &a.study)));
    Document {
        title: TITLE.to_owned(),
        subtitle: format!("Results of {} runs", assessments.len()),
        blocks,
    }
}

/// The runs, and the targets that any of them tests.
fn overview(assessments: &[Assessment]) -> Vec<Block> {
    let open = |table| Block::Table {
        table,
        anchors: false,
    };
    let mut blocks = vec![
        heading("runs", "The runs"),
        Block::Paragraph(
            Prose::from(
                "Runs are never pooled: each has a part of its own. The answer above is that of ",
            )
            .code(assessments.first().map_or("", |a| a.study.name.as_str()))
            .text("."),
        ),
        open(tables::runs(assessments)),
    ];
    let targets = tables::targets(assessments);
    if !targets.lines.is_empty() {
        blocks.push(heading("targets", "Targets"));
        blocks.push(Block::Paragraph(Prose::from(
            "Declared with their limits before the runs, and judged in each run that has their \
             arms and loads: supported where the whole interval is on the right side of the \
             limit, refuted where it is on the wrong one, otherwise inconclusive.",
        )));
        blocks.push(open(targets));
    }
    blocks
}

/// A run's part. The first run's answer is at the top of the report already.
fn part(assessment: &Assessment, first: bool) -> Vec<Block> {
    let study = &assessment.study;
    let mut blocks = vec![Block::Heading {
        level: 2,
        id: scoped_id(&study.name, "run"),
        text: format!("Experiment {}", study.plan.experiment),
    }];
    blocks.push(Block::Paragraph(
        Prose::from("Run ").code(&study.name).text("."),
    ));
    let mut chapters = if first {
        Vec::new()
    } else {
        answer::chapter(assessment)
    };
    chapters.extend(run_chapters(assessment));
    blocks.extend(scoped(&study.name, chapters));
    blocks
}
