//! Figures as SVG: valid as files of their own and inside the report, light and dark.

mod balance;
mod bars;
mod canvas;
mod forest;
mod latency;
mod legend;
mod lines;
mod map;
mod palette;
mod panel;
mod rows;
mod scale;
mod scatter;
mod series;
mod waterfall;

use maud::{PreEscaped, html};

pub use balance::balance;
pub use bars::{cpu, throughput};
pub use forest::{all_ratios, answer, brief, forest, ladder, overview, peer_forest};
pub use latency::latency;
pub use lines::{Fit, by_load, sweep_name};
pub use map::bottlenecks;
pub use scatter::scatter;
pub use series::{followed, series};
pub use waterfall::waterfall;

/// A figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// File name without extension.
    pub name: String,
    /// What it shows, also for those who cannot see it.
    pub title: String,
    /// How to read it.
    pub caption: String,
    /// The SVG element, styled by the page around it.
    pub svg: String,
}

impl Figure {
    fn new(name: &str, title: String, caption: String, svg: String) -> Self {
        Self {
            name: name.to_owned(),
            title,
            caption,
            svg,
        }
    }

    /// Path of the file inside a report.
    pub fn path(&self) -> String {
        format!("figures/{}.svg", self.name)
    }

    /// The content of the file: the element with styles of its own, and with the words that stand
    /// beneath it on a page.
    pub fn to_file(&self) -> String {
        let head = html! {
            desc { (self.caption) }
            style { (PreEscaped(canvas::FILE_STYLE)) }
        };
        let paper = "<rect class=\"paper\"";
        let head = format!("{}{paper}", head.into_string());
        let styled = self.svg.replacen(paper, &head, 1);
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{styled}\n")
    }
}
