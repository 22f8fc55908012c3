//! The frame of every figure: size, style, title and description.

use maud::{Markup, html};

use crate::text::fixed;

/// Width of every figure. Narrow, so that a phone shows its words large enough to read.
pub(super) const WIDTH: f64 = 420.0;
/// Free space left and right.
pub(super) const MARGIN: f64 = 14.0;

/// Styles of a figure as a file of its own: plain values for light paper, which every renderer
/// knows. Inside the report the page styles the same classes, also for dark screens.
pub(super) const FILE_STYLE: &str = "\
text{fill:#1c2127;font-size:11px;font-family:'Liberation Sans','DejaVu Sans',Arial,sans-serif}\
.title{font-size:13.5px;font-weight:600}\
.panel{font-size:12px;font-weight:600}\
.label,.value{paint-order:stroke;stroke:#ffffff;stroke-width:3px}\
.mute{fill:#5f6b7a}\
.axis{fill:#5f6b7a;font-size:10.5px}\
.grid{stroke:#e4e7eb;stroke-width:1}\
.rule{stroke:#5f6b7a;stroke-width:1}\
.whisker{stroke:#1c2127;stroke-width:1.4;fill:none}\
.paper{fill:#ffffff}\
.band{fill:#eef1f4}\
.halo{stroke:#ffffff;stroke-width:1.5}\
.hit{fill:none}\
.thin{fill:none;stroke-width:0.8;stroke-opacity:0.32}\
.curve{fill:none;stroke-width:1.8;stroke-linejoin:round}\
.segment{stroke:#ffffff;stroke-width:1}";

/// A whole figure: `body` drawn on `height` of paper.
pub(super) fn figure(title: &str, description: &str, height: f64, body: &Markup) -> String {
    let height = fixed(height, 0);
    html! {
        svg.fig xmlns="http://www.w3.org/2000/svg" role="img"
            viewBox=(format!("0 0 {WIDTH} {height}"))
            width=(WIDTH) height=(height)
            aria-label=(title)
        {
            desc { (description) }
            rect.paper width=(WIDTH) height=(height) {}
            (words(MARGIN, 20.0, "title", "start", title))
            (body)
        }
    }
    .into_string()
}

/// What stands for one number: its words are shown where a pointer rests on it.
pub(super) fn mark(words: &str, body: &Markup) -> Markup {
    html! { g.mark { title { (words) } (body) } }
}

/// Words at a place.
pub(super) fn words(x: f64, y: f64, class: &str, anchor: &str, content: &str) -> Markup {
    html! {
        text.(class) x=(pixel(x)) y=(pixel(y)) text-anchor=[Some(anchor).filter(|a| *a != "start")] {
            (content)
        }
    }
}

/// A straight line.
pub(super) fn line(from: (f64, f64), to: (f64, f64), class: &str) -> Markup {
    html! {
        path.(class) d=(format!("M{} {}L{} {}", pixel(from.0), pixel(from.1), pixel(to.0), pixel(to.1))) {}
    }
}

/// The path through points.
pub(super) fn path_through(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let steps: Vec<String> = (points.into_iter())
        .map(|(x, y)| format!("{} {}", pixel(x), pixel(y)))
        .collect();
    format!("M{}", steps.join("L"))
}

/// The path through points to whole pixels: enough for thin lines, of which there are many.
pub(super) fn coarse_path_through(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let mut steps: Vec<String> = Vec::new();
    for (x, y) in points {
        let step = format!("{} {}", fixed(x, 0), fixed(y, 0));
        if steps.last() != Some(&step) {
            steps.push(step);
        }
    }
    format!("M{}", steps.join("L"))
}

/// A coordinate as text: a tenth of a pixel is fine enough.
pub(super) fn pixel(value: f64) -> String {
    let text = fixed(value, 1);
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Width of a text in letters of the usual size.
pub(super) fn width_of(text: &str) -> f64 {
    const LETTER: f64 = 6.2;
    text.chars().count() as f64 * LETTER
}

/// A name cut to what fits into `width` at the usual size of letters.
pub(super) fn fitted(name: &str, width: f64) -> String {
    let most = (width / width_of("n")) as usize;
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let kept: String = name.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}\u{2026}")
}
