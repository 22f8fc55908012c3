//! Colours that colour-blind readers can tell apart (Okabe and Ito), and dashes for the rest.

/// Okabe and Ito's colours that stand out on white as well as on black.
const COLOURS: [&str; 6] = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9",
];

/// Dashes of lines, one more each time the colours are used up.
const DASHES: [&str; 3] = ["none", "6 3", "2 3"];

/// The colour in this place.
pub(super) fn colour(place: usize) -> &'static str {
    COLOURS[place % COLOURS.len()]
}

/// The dash in this place.
pub(super) fn dash(place: usize) -> &'static str {
    DASHES[place / COLOURS.len() % DASHES.len()]
}
