//! The arms of the run.

use super::{Column, Kind, Line, Table, Value, beside};
use crate::model::Study;

/// Every arm with its arguments and what it differs by.
pub fn arms(study: &Study) -> Table {
    let configuration = |arm: usize| {
        (study.configuration(arm)).map_or(Value::Empty, |text| Value::Text(text.to_owned()))
    };
    let name = |name: &Option<String>| (name.clone()).map_or(Value::Empty, Value::Name);
    Table {
        name: "arms".to_owned(),
        title: "The arms".to_owned(),
        columns: vec![
            Column::new("arm", "Arm", Kind::Words),
            Column::new("subject", "Subject", Kind::Words),
            Column::new("arguments", "Arguments", Kind::Words),
            Column::new("differs_from", "Differs from", Kind::Words),
            Column::new("differs_by", "by", Kind::Words),
            Column::new("control_of", "Repeats", Kind::Words),
            Column::new("configuration", "Effective configuration", Kind::Words),
        ],
        lines: (study.plan.arms.iter().enumerate())
            .map(|(place, arm)| {
                Line::plain(vec![
                    Value::Name(arm.name.clone()),
                    Value::Name(arm.subject.clone()),
                    Value::Name(arm.args.join(" ")),
                    name(&arm.differs_from),
                    (arm.differs_by.clone()).map_or(Value::Empty, Value::Text),
                    name(&arm.control_of),
                    configuration(place),
                ])
            })
            .collect(),
    }
}

/// Of `arms` those that another run does not have, or not like that.
pub fn arms_beside(study: &Study, other: &Study) -> Table {
    let others = arms(other);
    beside(arms(study), other, |line| {
        others.lines.iter().any(|known| known.values == line.values)
    })
}
