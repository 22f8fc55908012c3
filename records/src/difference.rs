//! In what two records of one kind differ, field by field.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// A field in which two records differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field, with dots: `server.sysctls.net.core.somaxconn`.
    pub field: String,
    /// Its value in the first; `absent` where that has no such field.
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

/// Objects are entered, and lists whose entries have names, by these; other lists are compared whole, as
/// one entry more would shift all others.
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
                for (key, entry) in named {
                    flatten(&below(key), entry, found);
                }
            }
            None => {
                found.insert(name.to_owned(), value.to_string());
            }
        },
        Value::String(text) if !text.is_empty() => {
            found.insert(name.to_owned(), text.clone());
        }
        other => {
            found.insert(name.to_owned(), other.to_string());
        }
    }
}

/// The entries by name, where each has one.
fn named(entries: &[Value]) -> Option<Vec<(&str, &Value)>> {
    let named = |entry| Some((Value::get(entry, "name")?.as_str()?, entry));
    let named: Vec<_> = entries.iter().map(named).collect::<Option<_>>()?;
    (!named.is_empty()).then_some(named)
}
