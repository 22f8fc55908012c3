//! In what two records of one kind differ, field by field.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// A field in which two records differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field, with dots: `server.sysctls.net.core.somaxconn`.
    pub field: String,
    /// Its value in the first, as JSON; `absent` where that has no such field.
    pub a: String,
    /// Its value in the second.
    pub b: String,
    /// Whether what was measured under the one is no repeat of what was measured under the other.
    pub matters: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {} and {}", self.field, self.a, self.b)
    }
}

/// All fields in which `a` and `b` differ, in the order of their names. No field can be forgotten: each
/// that `matters` does not speak for is compared like the others.
pub(crate) fn between<T: Serialize>(
    a: &T,
    b: &T,
    matters: impl Fn(&str) -> bool,
) -> Vec<Difference> {
    let (a, b) = (fields(a), fields(b));
    let names: BTreeMap<&String, ()> = a.keys().chain(b.keys()).map(|name| (name, ())).collect();
    let text = |of: &BTreeMap<String, String>, name: &String| {
        of.get(name)
            .map_or_else(|| "absent".to_owned(), Clone::clone)
    };
    names
        .into_keys()
        .filter(|name| a.get(*name) != b.get(*name))
        .map(|name| Difference {
            field: name.clone(),
            a: text(&a, name),
            b: text(&b, name),
            matters: matters(name),
        })
        .collect()
}

fn fields(record: &impl Serialize) -> BTreeMap<String, String> {
    let value = serde_json::to_value(record).expect("records are made to be written as JSON");
    let mut found = BTreeMap::new();
    flatten("", &value, &mut found);
    found
}

/// Objects are entered; lists are compared whole, as one entry more would shift all others. Where each
/// entry has a name of its own, the list is of the names, and the entries are entered by them.
fn flatten(name: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    let below = |key: &str| match name {
        "" => key.to_owned(),
        name => format!("{name}.{key}"),
    };
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                flatten(&below(key), member, found);
            }
        }
        Value::Array(entries) => match named(entries) {
            Some(named) => {
                let names: Vec<&str> = named.iter().map(|(key, _)| *key).collect();
                found.insert(name.to_owned(), Value::from(names).to_string());
                for (key, entry) in named {
                    flatten(&below(key), entry, found);
                }
            }
            None => {
                found.insert(name.to_owned(), value.to_string());
            }
        },
        other => {
            found.insert(name.to_owned(), other.to_string());
        }
    }
}

/// The entries with their names, where each has one that no other has.
fn named(entries: &[Value]) -> Option<Vec<(&str, &Value)>> {
    let named = |entry| Some((Value::get(entry, "name")?.as_str()?, entry));
    let named: Vec<_> = entries.iter().map(named).collect::<Option<_>>()?;
    let names: BTreeSet<&str> = named.iter().map(|(name, _)| *name).collect();
    (!named.is_empty() && names.len() == named.len()).then_some(named)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(a: &Value, b: &Value) -> Vec<String> {
        let found = between(a, b, |_| true);
        found
            .into_iter()
            .map(|difference| difference.field)
            .collect()
    }

    #[test]
    fn of_a_list_with_names_the_entry_is_told_and_its_order_counts() {
        let a = json!({"arms": [{"name": "x", "cpu": 1}, {"name": "y", "cpu": 2}]});
        let changed = json!({"arms": [{"name": "x", "cpu": 1}, {"name": "y", "cpu": 3}]});
        let turned = json!({"arms": [{"name": "y", "cpu": 2}, {"name": "x", "cpu": 1}]});
        assert_eq!(names(&a, &changed), ["arms.y.cpu"]);
        assert_eq!(names(&a, &turned), ["arms"]);
        assert!(names(&a, &a).is_empty());
    }

    #[test]
    fn a_list_with_a_name_twice_or_without_names_is_compared_whole() {
        let twice = |first| json!({"arms": [{"name": "x", "cpu": first}, {"name": "x", "cpu": 2}]});
        assert_eq!(names(&twice(1), &twice(3)), ["arms"]);
        assert_eq!(
            names(&json!({"cpus": [0, 1]}), &json!({"cpus": [1, 0]})),
            ["cpus"]
        );
    }

    #[test]
    fn a_text_is_no_number_and_an_empty_one_is_there() {
        assert_eq!(names(&json!({"a": "4"}), &json!({"a": 4})), ["a"]);
        let found = between(&json!({"a": ""}), &json!({}), |_| true);
        assert_eq!(found[0].to_string(), "a is \"\" and absent");
    }
}
