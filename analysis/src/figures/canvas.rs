//! The frame of every figure: size, style, title and description.

use maud::{Markup, PreEscaped, html};

use crate::text::fixed;

/// Width of every figure. Narrow, so that a phone shows its words large enough to read.
pub(super) const WIDTH: f64 = 420.0;
/// Free space left and right.
pub(super) const MARGIN: f64 = 14.0;

/// Styles of all figures; inside the report they follow the page.
const STYLE: &str = "\
.fig{--ink:#1c2127;--mute:#5f6b7a;--grid:#e4e7eb;--band:#eef1f4;--paper:#fff;\
font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}\
.fig text{fill:var(--ink);font-size:11px;font-variant-numeric:tabular-nums}\
.fig .title{font-size:13.5px;font-weight:600}\
.fig .panel{font-size:12px;font-weight:600}\
.fig .mute{fill:var(--mute)}\
.fig .axis{fill:var(--mute);font-size:10.5px}\
.fig .grid{stroke:var(--grid);stroke-width:1}\
.fig .rule{stroke:var(--mute);stroke-width:1}\
.fig .whisker{stroke:var(--ink);stroke-width:1.4;fill:none}\
.fig .paper{fill:var(--paper)}\
.fig .band{fill:var(--band)}\
.fig .halo{stroke:var(--paper);stroke-width:1.5}\
@media (prefers-color-scheme:dark){.fig{--ink:#e6e9ed;--mute:#9aa5b1;--grid:#2b3138;--band:#222830;--paper:#14171a}}\
@media print{.fig{--ink:#000;--mute:#444;--grid:#ddd;--band:#eee;--paper:#fff}}";

/// A whole figure: `body` drawn on `height` of paper.
pub(super) fn figure(title: &str, description: &str, height: f64, body: &Markup) -> String {
    let height = fixed(height, 0);
    html! {
        svg.fig xmlns="http://www.w3.org/2000/svg" role="img"
            viewBox=(format!("0 0 {WIDTH} {height}"))
            width=(WIDTH) height=(height)
            aria-label=(title)
        {
            title { (title) }
            desc { (description) }
            style { (PreEscaped(STYLE)) }
            rect.paper width=(WIDTH) height=(height) {}
            (words(MARGIN, 20.0, "title", "start", title))
            (body)
        }
    }
    .into_string()
}

/// Words at a place.
pub(super) fn words(x: f64, y: f64, class: &str, anchor: &str, content: &str) -> Markup {
    html! {
        text.(class) x=(pixel(x)) y=(pixel(y)) text-anchor=(anchor) { (content) }
    }
}

/// A straight line.
pub(super) fn line(from: (f64, f64), to: (f64, f64), class: &str) -> Markup {
    html! {
        line.(class) x1=(pixel(from.0)) y1=(pixel(from.1)) x2=(pixel(to.0)) y2=(pixel(to.1)) {}
    }
}

/// A coordinate as text: a tenth of a pixel is fine enough.
pub(super) fn pixel(value: f64) -> String {
    fixed(value, 1)
}

/// A name cut to what fits into `width` at the usual size of letters.
pub(super) fn fitted(name: &str, width: f64) -> String {
    const LETTER: f64 = 6.2;
    let most = (width / LETTER) as usize;
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let kept: String = name.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}\u{2026}")
}
