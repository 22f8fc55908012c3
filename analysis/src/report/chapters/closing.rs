//! Environment, bias, and how to do it again.

use super::{Block, heading};
use crate::claims::OUR_ARM;
use crate::model::Study;
use crate::tables;
use crate::text::Prose;

pub(super) fn chapters(study: &Study) -> Vec<Block> {
    let run = format!("results/{}", study.name);
    let plan = &study.plan;
    vec![
        heading("environment", "Environment"),
        Block::Folded {
            table: tables::environment(study),
            anchors: false,
        },
        Block::Folded {
            table: tables::arms(study),
            anchors: false,
        },
        heading("bias", "Bias"),
        Block::Paragraph(
            Prose::from("The authors of this study wrote one of the servers it compares (")
                .code(OUR_ARM)
                .text(
                    " and its relatives) and would like it to be fast. They did not write Tokio, and \
                     a Tokio expert may know settings they do not. Against that bias: both servers \
                     speak through the same HTTP code and have equal socket options, what an arm \
                     differs by is named in the table of arms, the order is random, all blocks of \
                     the run are in, an A/A control is part of the experiments, and every number \
                     and every verdict word on this page is computed from the recorded measurements.",
                ),
        ),
        heading("reproduce", "How to reproduce"),
        Block::Paragraph(
            Prose::from("The first command measures the experiment again in this run's order; the second makes this report from ")
                .code(&run)
                .text(", byte for byte."),
        ),
        Block::Code(format!(
            "bench run {} --host {} --blocks {} --seed {}\nanalysis report {run} --out out\n",
            plan.experiment, plan.host, plan.blocks, plan.seed
        )),
    ]
}
