//! Which runs a report is of, what they do not tell, and the verdicts of all of them.

use super::{Block, chapter_id, heading};
use crate::assess::Assessment;
use crate::claims::Family;
use crate::experiments::{EXPERIMENTS, absent};
use crate::figures;
use crate::tables::{self, Table};
use crate::text::{Prose, joined};

/// The runs, the experiments that are not among them, and the verdicts across runs.
pub(super) fn chapter(assessments: &[Assessment]) -> Vec<Block> {
    let several = assessments.len() > 1;
    let mut blocks = vec![heading(
        "runs",
        if several { "The runs" } else { "The run" },
    )];
    if let Some(first) = assessments.first().filter(|_| several) {
        blocks.push(Block::Paragraph(
            Prose::from(
                "Blocks of different runs are never pooled: each run has a part of its own. The answer above is that of ",
            )
            .link(
                first.study.title(),
                format!("#{}", chapter_id(assessments, &first.study, "run")),
            )
            .text(format!(
                ": of the experiments in the order {}, {}, {}, and so on as in the table below, the \
                 first that was run, and of several runs of it the newest, those over loopback before \
                 others.",
                EXPERIMENTS[0].name, EXPERIMENTS[1].name, EXPERIMENTS[2].name
            )),
        ));
    }
    blocks.push(open(tables::runs(assessments)));
    blocks.push(Block::Paragraph(not_measured(assessments)));
    if several && let Some(figure) = figures::overview(assessments) {
        blocks.push(Block::Figure {
            figure,
            data: tables::overview(assessments),
            within: None,
        });
    }
    blocks.extend(repeats(assessments));
    if several {
        blocks.extend(verdicts(assessments));
    }
    blocks
}

/// What runs of one experiment say together.
fn repeats(assessments: &[Assessment]) -> Vec<Block> {
    let table = tables::repeats(assessments);
    if table.lines.is_empty() {
        return Vec::new();
    }
    vec![
        heading("repeats", "Repeats"),
        Block::Paragraph(Prose::from(
            "Runs of one experiment between which nothing differs that matters. What differs between them \
             all the same, as boots and days, hits all blocks of a run alike: so each run gives one number, \
             and the interval is Student's of those numbers. Of two runs it is wide, however near each \
             other they are.",
        )),
        open(table),
    ]
}

fn not_measured(assessments: &[Assessment]) -> Prose {
    let absent = absent(assessments);
    if absent.is_empty() {
        return Prose::from("Every experiment of the study is among these runs.");
    }
    let names = (absent.iter())
        .map(|experiment| Prose::new().code(experiment.name))
        .collect();
    Prose::from("Not measured in these runs: ")
        .then(joined(names))
        .text(".")
}

/// The claims with their verdicts, run by run.
fn verdicts(assessments: &[Assessment]) -> Vec<Block> {
    let card = tables::verdicts(assessments, Family::Card, "The card's claims, run by run");
    let ours = tables::verdicts(assessments, Family::Ours, "Our claims, run by run");
    let mut blocks = vec![heading("verdicts", "Claims and verdicts")];
    blocks.push(Block::Paragraph(Prose::from(
        "Each claim in each run that has its arms and loads. The sentences with their numbers stand \
         in the part of each run.",
    )));
    for table in [card, ours] {
        if !table.lines.is_empty() {
            blocks.push(Block::Folded {
                table,
                anchors: false,
            });
        }
    }
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

fn open(table: Table) -> Block {
    Block::Table {
        table,
        anchors: false,
    }
}
