//! Tables as CSV, Markdown and HTML.

use maud::{Markup, html};

use super::{Column, Kind, Line, Table, Value};
use crate::text::{Prose, escape_markdown, precise};

impl Table {
    /// All columns, numbers in full; first the identifier of the row where rows have one.
    pub fn to_csv(&self) -> Result<String, csv::Error> {
        self.csv(true)
    }

    /// The same, with or without the line of names.
    pub fn csv(&self, names: bool) -> Result<String, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let linked = self.lines.iter().any(|line| !line.id.is_empty());
        let resting = self.lines.iter().any(|line| !line.rests_on.is_empty());
        let basis = |id: &str| resting.then(|| id.to_owned());
        let id_of = |id: &str| linked.then(|| id.to_owned());
        if names {
            let names = self.columns.iter().flat_map(csv_names);
            writer
                .write_record((id_of("row").into_iter().chain(names)).chain(basis("rests_on")))?;
        }
        for line in &self.lines {
            let fields = (self.columns.iter().zip(&line.values))
                .flat_map(|(column, value)| csv_fields(column.kind, value));
            writer.write_record(
                (id_of(&line.id).into_iter().chain(fields)).chain(basis(&line.rests_on)),
            )?;
        }
        let bytes = writer
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The shown columns as a Markdown table.
    pub fn to_markdown(&self) -> String {
        let titles: Vec<String> = self
            .shown()
            .map(|(_, column)| escape_markdown(&column.title))
            .collect();
        let rules: Vec<&str> = self
            .shown()
            .map(|(_, column)| match column.kind {
                Kind::Words => "---",
                Kind::Numbers | Kind::Estimates => "---:",
            })
            .collect();
        let mut text = format!("| {} |\n| {} |\n", titles.join(" | "), rules.join(" | "));
        for line in &self.lines {
            let cells: Vec<String> = self
                .shown()
                .map(|(place, _)| markdown(&line.values[place]))
                .collect();
            text += &format!("| {} |\n", cells.join(" | "));
        }
        text
    }

    /// The shown columns as an HTML table; rows have their identifiers where `anchors` is set.
    pub fn to_html(&self, anchors: bool) -> Markup {
        let columns: Vec<Shown<'_>> = self.shown().map(|shown| self.looking(shown)).collect();
        html! {
            div.scroll tabindex="0" role="group" aria-label=(self.title) {
                table class=[looks(&columns)] {
                    thead { tr { @for shown in &columns { th scope="col" { (shown.title) } } } }
                    tbody { @for line in &self.lines { (line_html(line, &columns, anchors)) } }
                }
            }
        }
    }

    fn looking<'a>(&self, (place, column): (usize, &'a Column)) -> Shown<'a> {
        let mut values = self.lines.iter().map(|line| &line.values[place]);
        let look = match column.kind {
            Kind::Numbers | Kind::Estimates => Look::Numbers,
            Kind::Words if values.all(|value| matches!(value, Value::Name(_))) => Look::Names,
            Kind::Words => Look::Words,
        };
        Shown {
            place,
            title: &column.title,
            look,
        }
    }

    /// The columns that are shown. A column of remarks is left out where nothing is remarked.
    fn shown(&self) -> impl Iterator<Item = (usize, &Column)> {
        let silent = |place: usize| {
            let text = |line: &Line| line.values[place] == Value::Text(String::new());
            !self.lines.is_empty() && self.lines.iter().all(text)
        };
        (self.columns.iter().enumerate())
            .filter(move |(place, column)| column.shown && !silent(*place))
    }
}

/// A column of a table in HTML.
struct Shown<'a> {
    place: usize,
    title: &'a str,
    look: Look,
}

/// How all values of a column look.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Words,
    Names,
    Numbers,
}

/// Which columns are numbers and which are names, once a table: a word in each of its cells is a tenth
/// of a long page.
fn looks(columns: &[Shown<'_>]) -> Option<String> {
    let class = |(shown, column): (usize, &Shown<'_>)| match column.look {
        Look::Words => None,
        Look::Names => Some(format!("c{}", shown + 1)),
        Look::Numbers => Some(format!("n{}", shown + 1)),
    };
    let classes: Vec<String> = columns.iter().enumerate().filter_map(class).collect();
    (!classes.is_empty()).then(|| classes.join(" "))
}

fn line_html(line: &Line, columns: &[Shown<'_>], anchors: bool) -> Markup {
    let id = Some(line.id.as_str()).filter(|id| anchors && !id.is_empty());
    let basis = Some(line.rests_on.as_str()).filter(|id| !id.is_empty());
    html! {
        tr class=[line.marked.then_some("marked")] id=[id] {
            @for (shown, column) in columns.iter().enumerate() {
                @let value = html_value(&line.values[column.place], column.look);
                td {
                    @match basis.filter(|_| shown == 0) {
                        Some(id) => a href=(format!("#{id}")) { (value) },
                        None => (value),
                    }
                }
            }
        }
    }
}

fn html_value(value: &Value, look: Look) -> Markup {
    html! {
        @match value {
            Value::Empty => "\u{2013}",
            Value::Text(text) => (text),
            Value::Name(name) if look == Look::Names => (name),
            Value::Name(name) => code { (name) },
            Value::Integer(count) => (count),
            Value::Number(number, display) => (display.show(*number)),
            Value::Estimate(estimate, display) => {
                (display.show(estimate.value)) " "
                i { (display.show_interval(estimate)) }
            },
        }
    }
}

fn csv_names(column: &Column) -> Vec<String> {
    match column.kind {
        Kind::Words | Kind::Numbers => vec![column.key.clone()],
        Kind::Estimates => ["", "_low", "_high"]
            .map(|end| format!("{}{end}", column.key))
            .to_vec(),
    }
}

fn csv_fields(kind: Kind, value: &Value) -> Vec<String> {
    let mut fields = match value {
        Value::Empty => vec![String::new()],
        Value::Text(text) | Value::Name(text) => vec![text.clone()],
        Value::Integer(count) => vec![count.to_string()],
        Value::Number(number, _) => vec![precise(*number)],
        Value::Estimate(estimate, _) => [estimate.value, estimate.low, estimate.high]
            .map(precise)
            .to_vec(),
    };
    let width = if kind == Kind::Estimates { 3 } else { 1 };
    fields.resize(width, String::new());
    fields
}

fn markdown(value: &Value) -> String {
    match value {
        Value::Empty => "\u{2013}".to_owned(),
        Value::Text(text) => escape_markdown(text),
        Value::Name(name) => Prose::new().code(name).to_markdown(),
        Value::Integer(count) => count.to_string(),
        Value::Number(number, display) => display.show(*number),
        Value::Estimate(estimate, display) => format!(
            "{} ({})",
            display.show(estimate.value),
            display.show_interval(estimate)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Estimate;
    use crate::tables::Display;

    fn table() -> Table {
        let estimate = Estimate {
            value: 0.931_25,
            low: 0.9,
            high: 0.95,
            blocks: 10,
        };
        Table {
            name: "t".into(),
            title: "T".into(),
            columns: vec![
                Column::new("arm", "Arm | name", Kind::Words),
                Column::new("cpu_us", "CPU", Kind::Estimates),
                Column::hidden("count", Kind::Numbers),
            ],
            lines: vec![
                Line {
                    id: "row-1".into(),
                    rests_on: "cell-1".into(),
                    marked: true,
                    values: vec![
                        Value::Name("a|<b>".into()),
                        Value::Estimate(estimate, Display::Decimals(2)),
                        Value::Integer(7),
                    ],
                },
                Line::plain(vec![Value::Text("x,y".into()), Value::Empty, Value::Empty]),
            ],
        }
    }

    #[test]
    fn csv_has_every_column_in_full() {
        assert_eq!(
            table().to_csv().unwrap(),
            "row,arm,cpu_us,cpu_us_low,cpu_us_high,count,rests_on\n\
             row-1,a|<b>,0.93125,0.9,0.95,7,cell-1\n\
             ,\"x,y\",,,,,\n"
        );
    }

    #[test]
    fn markdown_shows_rounded_numbers_and_escapes_names() {
        assert_eq!(
            table().to_markdown(),
            "| Arm \\| name | CPU |\n| --- | ---: |\n\
             | a\\|&lt;b&gt; | 0.93 (0.90\u{2013}0.95) |\n\
             | x,y | \u{2013} |\n"
        );
    }

    #[test]
    fn html_escapes_names_and_has_anchors_on_demand() {
        let with = table().to_html(true).into_string();
        assert!(with.contains("id=\"row-1\""));
        assert!(with.contains("<a href=\"#cell-1\"><code>a|&lt;b&gt;</code></a>"));
        assert!(
            with.contains("<tr class=\"marked\" id=\"row-1\"><td>"),
            "{with}"
        );
        assert!(with.contains("<table class=\"n2\">"), "{with}");
        assert!(!table().to_html(false).into_string().contains("row-1"));
    }

    #[test]
    fn a_small_p_value_is_shown_as_below_and_kept_in_the_file() {
        let value = Value::Number(1.25e-7, Display::PValue);
        assert_eq!(markdown(&value), "<\u{a0}0.0001");
        let shown = html_value(&value, Look::Numbers).into_string();
        assert_eq!(shown, "&lt;\u{a0}0.0001");
        assert_eq!(csv_fields(Kind::Numbers, &value), ["0.000000125"]);
    }

    #[test]
    fn percentages_carry_their_unit_once() {
        let estimate = Estimate {
            value: 0.5,
            low: 0.4,
            high: 0.6,
            blocks: 5,
        };
        let value = Value::Estimate(estimate, Display::Percent(0));
        assert_eq!(markdown(&value), "50\u{a0}% (40\u{2013}60)");
    }
}
