//! Whether a link can carry the rates.

use super::answers::{Runs, not_here};
use crate::metric::Metric;
use crate::model::{Cell, Study};
use crate::tables::wire_bytes;
use crate::text::{Prose, fixed, grouped, load_name, percent};

impl Runs<'_> {
    pub(super) fn wire(&self) -> Prose {
        let fastest = (self.studies())
            .flat_map(|study| study.cells.iter().map(move |cell| (study, cell)))
            .filter(|(_, cell)| cell.load.body_bytes.is_none())
            .filter_map(|(study, cell)| {
                let rate = cell.quotable(Metric::RequestsPerSecond)?.value;
                Some((study, cell, rate))
            })
            .max_by(|a, b| a.2.total_cmp(&b.2));
        let Some((study, cell, rate)) = fastest else {
            return not_here();
        };
        Prose::from("The fastest cell, ")
            .code(&cell.arm_name)
            .text(format!(
                " at {} ({}), answers {} requests a second: {} Gbit/s if each response were a packet of \
                 its own on Ethernet ({} bytes){}. Host ",
                load_name(&cell.load),
                study.title(),
                grouped(rate, 0),
                fixed(rate * wire_bytes() as f64 * 8.0 / 1e9, 2),
                wire_bytes(),
                of_link(study, cell)
            ))
            .code(&study.plan.host)
            .text(": the card's own rates are held against its link in ")
            .link("what its numbers show", "#forensics")
            .text(".")
    }
}

/// What the bytes counted are of the link's speed.
fn of_link(study: &Study, cell: &Cell) -> String {
    match cell.busy.link {
        Some(share) => format!(
            "; the bytes counted are {} of the link's speed",
            percent(share, 0)
        ),
        None if study.local() => "; over loopback no link limits it".to_owned(),
        None => "; the link's speed is not known".to_owned(),
    }
}
