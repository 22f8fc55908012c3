//! Where the time of sampled servers goes.

use super::{Block, heading};
use crate::profile::Profile;
use crate::tables;
use crate::text::{Prose, generator_name, grouped, slug};

/// A part a profile; nothing without one.
pub(super) fn chapter(profiles: &[Profile]) -> Vec<Block> {
    if profiles.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![
        heading("profile", "Where the time goes"),
        Block::Paragraph(Prose::from(
            "Each server was interrupted at equal steps of its CPU time, and asked where it was. A \
             sample belongs to the innermost function whose purpose is known, so that copying and \
             locking belong to whoever needs them. Samples are taken by a timer's interrupt: time \
             spent with interrupts off is found where they are switched on again, so that a part may have some of \
             its neighbour's. Sampling costs time itself; compare parts with each other and between arms here, not \
             with CPU a request elsewhere.",
        )),
    ];
    for profile in profiles {
        blocks.push(Block::Paragraph(described(profile)));
        if !profile.failed.is_empty() {
            let failed = profile.failed.join("; ");
            blocks.push(Block::Warning(Prose::from(format!(
                "Not sampled: {failed}."
            ))));
        }
        blocks.push(Block::Table {
            table: tables::profile(profile),
            anchors: false,
        });
    }
    blocks
}

fn described(profile: &Profile) -> Prose {
    let plan = &profile.plan;
    let loads = plan.load_points.iter().map(|load| {
        format!(
            "{} connections of {}",
            load.connections,
            generator_name(load.generator)
        )
    });
    let loads: Vec<String> = loads.collect();
    let mut prose = Prose::from("Profile ")
        .code(slug(&profile.name))
        .text(format!(
            ", Linux {}, server workers: {}, {}, {} blocks: ",
            profile.kernel_release,
            plan.workers,
            loads.join(" and "),
            plan.blocks
        ));
    for (place, cell) in profile.cells.iter().enumerate() {
        let parted = if place == 0 { "" } else { ", " };
        let samples = grouped(cell.samples as f64, 0);
        prose = prose
            .text(parted)
            .text(format!("{samples} samples of "))
            .code(&cell.arm);
    }
    prose.text(".")
}
