//! Environment, bias, and how to do it again.

use super::{Block, heading};
use crate::claims::OUR_ARM;
use crate::model::Study;
use crate::tables::{self, Table};
use crate::text::Prose;

/// The machine in full, or where it is not as in the run that stands `before`.
pub(super) fn environment(study: &Study, before: Option<&Study>) -> Vec<Block> {
    let mut blocks = vec![heading("environment", "Environment")];
    let Some(before) = before else {
        blocks.extend([tables::environment(study), tables::arms(study)].map(folded));
        return blocks;
    };
    for (table, same) in [
        (
            tables::environment_beside(study, before),
            "The machine and its settings are those of ",
        ),
        (tables::arms_beside(study, before), "Each arm is as in "),
    ] {
        blocks.push(if table.lines.is_empty() {
            Block::Paragraph(Prose::from(format!("{same}{}.", before.title())))
        } else {
            folded(table)
        });
    }
    blocks.extend([tables::environment(study), tables::arms(study)].map(Block::Files));
    blocks
}

fn folded(table: Table) -> Block {
    Block::Folded {
        table,
        anchors: false,
    }
}

pub(super) fn bias() -> Vec<Block> {
    vec![
        heading("bias", "Bias"),
        Block::Paragraph(
            Prose::from("The authors of this study wrote one of the servers it compares (")
                .code(OUR_ARM)
                .text(
                    " and its relatives) and would like it to be fast. They did not write Tokio, and \
                     a Tokio expert may know settings they do not. Against that bias: both servers \
                     speak through the same HTTP code and have equal socket options, what an arm \
                     differs by is named in the table of arms, the order is random, all blocks of \
                     a run are in, an A/A control is part of the experiments, and every number \
                     and every verdict word on this page is computed from the recorded measurements.",
                ),
        ),
    ]
}

/// The commands that measure the runs again, and the one that makes this report of them.
pub(super) fn reproduce<'a>(studies: impl IntoIterator<Item = &'a Study>) -> Vec<Block> {
    let mut commands = String::new();
    let mut folders = String::new();
    for study in studies {
        let plan = &study.plan;
        commands += &format!(
            "bench run {} --host {} --blocks {} --seed {}\n",
            plan.experiment, plan.host, plan.blocks, plan.seed
        );
        folders += &format!(" results/{}", study.name);
    }
    vec![
        heading("reproduce", "How to reproduce"),
        Block::Paragraph(
            Prose::new()
                .code("bench run")
                .text(" measures an experiment again, in the order that its seed gives; ")
                .code("analysis report")
                .text(" makes this report from the recorded measurements, byte for byte."),
        ),
        Block::Code(format!("{commands}analysis report{folders} --out out\n")),
    ]
}
