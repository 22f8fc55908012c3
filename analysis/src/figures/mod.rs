//! Figures as SVG: valid as files of their own and inside the report, light and dark.

mod bars;
mod canvas;
mod forest;
mod latency;
mod palette;
mod rows;
mod scale;

pub use bars::{cpu, throughput};
pub use forest::{forest, ladder, peer_forest};
pub use latency::latency;

/// A figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// File name without extension.
    pub name: String,
    /// What it shows, also for those who cannot see it.
    pub title: String,
    /// How to read it.
    pub caption: String,
    /// The SVG element.
    pub svg: String,
}

impl Figure {
    /// Path of the file inside a report.
    pub fn path(&self) -> String {
        format!("figures/{}.svg", self.name)
    }

    /// The content of the file.
    pub fn to_file(&self) -> String {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", self.svg)
    }
}
