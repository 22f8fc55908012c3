//! Where the time of profiled servers goes.

use super::{Column, Display, Kind, Line, Table, Value};
use crate::profile::{Profile, ProfiledCell};

/// A part of the work a line; two columns an arm: its share of the samples, and the CPU time a request
/// that this comes to.
pub fn profile(profile: &Profile) -> Table {
    let mut columns = vec![Column::new("part", "Part", Kind::Words)];
    for cell in &profile.cells {
        let (key, title) = names(profile, cell);
        columns.push(Column::new(
            format!("share_{key}"),
            format!("{title}, share"),
            Kind::Estimates,
        ));
        columns.push(Column::new(
            format!("cpu_us_per_request_{key}"),
            format!("{title}, \u{b5}s a request"),
            Kind::Estimates,
        ));
    }
    columns.push(Column::new("note", "What is in it", Kind::Words));
    let line = |(place, (name, note)): (usize, &(String, String))| {
        let mut values = vec![Value::Text(name.clone())];
        for cell in &profile.cells {
            values.push(Value::estimate(cell.shares[place], Display::Percent(1)));
            values.push(Value::estimate(
                cell.cpu_us_per_request[place],
                Display::Decimals(2),
            ));
        }
        values.push(Value::Text(note.clone()));
        Line::plain(values)
    };
    Table {
        name: format!("profile-{}", crate::text::slug(&profile.name)),
        title: "Where the time goes: medians over blocks with 95 % intervals".to_owned(),
        columns,
        lines: profile.parts.iter().enumerate().map(line).collect(),
    }
}

/// An arm's name; with the connections where the profile has several loads.
fn names(profile: &Profile, cell: &ProfiledCell) -> (String, String) {
    if profile.plan.load_points.len() == 1 {
        return (cell.arm.replace('-', "_"), cell.arm.clone());
    }
    let (arm, connections) = (&cell.arm, cell.connections);
    (
        format!("{}_{connections}", arm.replace('-', "_")),
        format!("{arm} at {connections}"),
    )
}
