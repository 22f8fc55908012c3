//! The frame of every figure: size, style and title.

use maud::{Markup, html};

use crate::text::fixed;

/// Width of every figure. Narrow, so that a phone shows its words large enough to read.
pub(super) const WIDTH: f64 = 420.0;
/// Free space left and right.
pub(super) const MARGIN: f64 = 14.0;

/// Styles of a figure as a file of its own: plain values for light paper, which every renderer
/// knows. Inside the report the page styles the same classes, also for dark screens.
pub(super) const FILE_STYLE: &str = "\
text{fill:#1c2127;font-size:11px;font-family:'Liberation Sans','DejaVu Sans',Arial,sans-serif;\
paint-order:stroke;stroke:#ffffff;stroke-width:3px}\
.title{font-size:13.5px;font-weight:600}\
.panel{font-size:12px;font-weight:600}\
.m{text-anchor:middle}\
.e{text-anchor:end}\
.mute{fill:#5f6b7a}\
.axis{fill:#5f6b7a;font-size:10.5px}\
.grid{stroke:#e4e7eb;stroke-width:1}\
.rule{stroke:#5f6b7a;stroke-width:1}\
.w{stroke:#1c2127;stroke-width:1.4;fill:none}\
.paper{fill:#ffffff}\
.band{fill:#eef1f4}\
circle{stroke:#ffffff;stroke-width:1.5}\
.hit{fill:none}\
.bar{fill-opacity:0.75}\
.cell{fill-opacity:0.22}\
.thin{fill:none;stroke-width:0.8;stroke-opacity:0.32}\
.curve{fill:none;stroke-width:1.8;stroke-linejoin:round}\
.segment{stroke:#ffffff;stroke-width:1}";

/// A whole figure: `body` drawn on `height` of paper.
pub(super) fn figure(title: &str, height: f64, body: &Markup) -> String {
    let height = fixed(height, 0);
    html! {
        svg.fig xmlns="http://www.w3.org/2000/svg" role="img"
            viewBox=(format!("0 0 {WIDTH} {height}"))
            width=(WIDTH) height=(height)
            aria-label=(title)
        {
            rect.paper width=(WIDTH) height=(height) {}
            (words(MARGIN, 20.0, "title", "start", title))
            (body)
        }
    }
    .into_string()
    .replace("></rect>", "/>")
    .replace("></path>", "/>")
    .replace("></circle>", "/>")
}

/// What stands for one number: its words are shown where a pointer rests on it.
pub(super) fn mark(words: &str, body: &Markup) -> Markup {
    html! { g.mark { title { (words) } (body) } }
}

/// Words at a place.
pub(super) fn words(x: f64, y: f64, class: &str, anchor: &str, content: &str) -> Markup {
    let anchor = match anchor {
        "middle" => "m",
        "end" => "e",
        _ => "",
    };
    let classes = format!("{class} {anchor}");
    let classes = Some(classes.trim()).filter(|classes| !classes.is_empty());
    html! {
        text class=[classes] x=(pixel(x)) y=(pixel(y)) { (content) }
    }
}

/// The lines that a panel's ticks stand for, upwards and across, as one path: `top` and `bottom` are
/// the ends of those that go up, `left` and `right` of those that go across.
pub(super) fn grid(
    upwards: impl IntoIterator<Item = f64>,
    (top, bottom): (f64, f64),
    across: impl IntoIterator<Item = f64>,
    (left, right): (f64, f64),
) -> Markup {
    let across = across.into_iter();
    let across = across.map(|y| format!("M{} {}H{}", pixel(left), pixel(y), pixel(right)));
    let upwards = upwards.into_iter();
    let upwards = upwards.map(|x| format!("M{} {}V{}", pixel(x), pixel(top), pixel(bottom)));
    let path: String = across.chain(upwards).collect();
    html! {
        @if !path.is_empty() { path.grid d=(path) {} }
    }
}

/// The interval from `low` to `high` with its two ends, at a height.
pub(super) fn interval(low: f64, high: f64, y: f64) -> Markup {
    const CAP: f64 = 3.5;
    let path = format!(
        "M{low} {top}v{whole}m0-{half}H{high}m0-{half}v{whole}",
        low = pixel(low),
        high = pixel(high),
        top = pixel(y - CAP),
        half = pixel(CAP),
        whole = pixel(2.0 * CAP),
    );
    html! { path.w d=(path) {} }
}

/// A straight line.
pub(super) fn line(from: (f64, f64), to: (f64, f64), class: &str) -> Markup {
    html! {
        path.(class) d=(format!("M{} {}L{} {}", pixel(from.0), pixel(from.1), pixel(to.0), pixel(to.1))) {}
    }
}

/// The path through points, to a tenth of a pixel.
pub(super) fn path_through(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    steps(points, 10.0)
}

/// The path through points to whole pixels: enough for thin lines, of which there are many.
pub(super) fn coarse_path_through(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    steps(points, 1.0)
}

/// The path as steps from each point to the next, which take half the letters that places take. Steps
/// are those between rounded places, so that nothing adds up.
fn steps(points: impl IntoIterator<Item = (f64, f64)>, parts_a_pixel: f64) -> String {
    let mut places: Vec<[i64; 2]> = (points.into_iter())
        .map(|(x, y)| [x, y].map(|at| (at * parts_a_pixel).round() as i64))
        .collect();
    places.dedup();
    let places = without_straight(&places, parts_a_pixel * OFF);
    let mut text = String::new();
    let mut from = [0, 0];
    for (place, to) in places.into_iter().enumerate() {
        text += match place {
            0 => "M",
            1 => "l",
            _ => "",
        };
        for (to, from) in to.into_iter().zip(from) {
            let number = pixel((to - from) as f64 / parts_a_pixel);
            if text.ends_with(|c: char| c.is_ascii_digit()) && !number.starts_with('-') {
                text.push(' ');
            }
            text += &number;
        }
        from = to;
    }
    text
}

/// How far a place may lie off the line that is drawn without it, pixels: less than a line is wide.
const OFF: f64 = 0.3;

/// Of places those between which a line goes straight (Ramer, Douglas and Peucker): no other lies
/// farther off it.
fn without_straight(places: &[[i64; 2]], off: f64) -> Vec<[i64; 2]> {
    let [first, .., last] = places else {
        return places.to_vec();
    };
    let [x, y] = [0, 1].map(|axis| (last[axis] - first[axis]) as f64);
    let length = x.hypot(y);
    let distance = |place: &[i64; 2]| {
        let [dx, dy] = [0, 1].map(|axis| (place[axis] - first[axis]) as f64);
        let along = (dx * x + dy * y) / (length * length);
        if length == 0.0 || !(0.0..=1.0).contains(&along) {
            let [ex, ey] = [0, 1].map(|axis| (place[axis] - last[axis]) as f64);
            dx.hypot(dy).min(ex.hypot(ey))
        } else {
            (dx * y - dy * x).abs() / length
        }
    };
    let inner = places[1..places.len() - 1].iter().map(distance).enumerate();
    match inner.max_by(|a, b| a.1.total_cmp(&b.1)) {
        Some((farthest, distance)) if distance > off => {
            let mut kept = without_straight(&places[..farthest + 2], off);
            kept.pop();
            kept.extend(without_straight(&places[farthest + 1..], off));
            kept
        }
        _ => vec![*first, *last],
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_from_place_to_place() {
        let points = [(10.04, 20.0), (11.26, 18.0), (11.26, 18.0), (12.0, 18.5)];
        assert_eq!(path_through(points), "M10 20l1.3-2 0.7 0.5");
        assert_eq!(coarse_path_through(points), "M10 20l1-2 1 1");
        assert_eq!(path_through([(1.0, 2.0)]), "M1 2");
        assert_eq!(path_through([]), "");
    }

    #[test]
    fn what_is_drawn_straight_has_no_places_on_the_way() {
        let straight = (0..50).map(|step| (f64::from(step), f64::from(step) * 2.0));
        assert_eq!(path_through(straight), "M0 0l49 98");
        let peak = [
            (0.0, 0.0),
            (5.0, 0.2),
            (10.0, 8.0),
            (15.0, 0.1),
            (20.0, 0.0),
        ];
        assert_eq!(path_through(peak), "M0 0l5 0.2 5 7.8 5-7.9 5-0.1");
        let back = [(0.0, 0.0), (9.0, 0.0), (0.0, 0.0)];
        assert_eq!(path_through(back), "M0 0l9 0-9 0");
    }

    #[test]
    fn roundings_do_not_add_up() {
        // Ever steeper, so that few places lie on a straight line.
        let places = (0..1000).map(f64::from).map(|x| (x * 0.149, x * x));
        let path = path_through(places);
        let steps = path.trim_start_matches("M0 0l").split_whitespace();
        let end: f64 = steps.step_by(2).map(|x| x.parse::<f64>().unwrap()).sum();
        assert!((end - 148.9).abs() < 0.051, "{end}");
    }
}
