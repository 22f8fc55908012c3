//! Colours that colour-blind readers can tell apart (Okabe and Ito), and dashes for the rest.

/// Okabe and Ito's colours that stand out on white as well as on black.
const COLOURS: [&str; 6] = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9",
];

/// Dashes of lines, one more each time the colours are used up.
const DASHES: [Option<&str>; 3] = [None, Some("6 3"), Some("2 3")];

/// What helps, what costs, and what is neither.
pub(super) const HELPS: &str = COLOURS[2];
/// See [`HELPS`].
pub(super) const COSTS: &str = COLOURS[1];
/// See [`HELPS`].
pub(super) const NEITHER: &str = "#8a94a0";

/// The colour in this place.
pub(super) fn colour(place: usize) -> &'static str {
    COLOURS[place % COLOURS.len()]
}

/// The dash in this place.
pub(super) fn dash(place: usize) -> Option<&'static str> {
    DASHES[place / COLOURS.len() % DASHES.len()]
}
