//! Text: prose that renders as Markdown and as HTML, names, numbers.

mod markdown;
mod number;
mod prose;
mod slug;

use records::LoadPoint;

pub use markdown::escape_markdown;
pub use number::{fixed, grouped, percent, precise, signed_percent};
pub use prose::{Prose, joined};
pub use slug::slug;

/// A load point in prose: `50 connections`.
pub fn load_name(point: &LoadPoint) -> String {
    let mut name = format!("{} connections", point.connections);
    if point.pipeline != 1 {
        name += &format!(", {} requests in flight on each", point.pipeline);
    }
    if let Some(rate) = point.offered_rate_per_s {
        name += &format!(", {rate} requests a second offered");
    }
    name
}

/// A load point in a table: `50`, `50 x 16`, `50 @ 10000/s`.
pub fn load_label(point: &LoadPoint) -> String {
    let mut label = point.connections.to_string();
    if point.pipeline != 1 {
        label += &format!(" x {}", point.pipeline);
    }
    if let Some(rate) = point.offered_rate_per_s {
        label += &format!(" @ {rate}/s");
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_points_name_what_is_not_usual() {
        let plain = LoadPoint {
            connections: 50,
            pipeline: 1,
            offered_rate_per_s: None,
        };
        let open = LoadPoint {
            pipeline: 16,
            offered_rate_per_s: Some(9000),
            ..plain.clone()
        };
        assert_eq!(load_name(&plain), "50 connections");
        assert_eq!(load_label(&plain), "50");
        assert_eq!(load_label(&open), "50 x 16 @ 9000/s");
        assert!(load_name(&open).contains("16 requests in flight"));
    }
}
