//! Why another server may answer otherwise.

use serde::Deserialize;

use super::Input;

/// The differences from nginx that are explained.
const NGINX: &str = include_str!("../../differences.toml");

/// A difference that there may be, and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The places of the changes that bring it about; any without one.
    #[serde(default)]
    pub places: Vec<String>,
    /// The changes, as a whole or their first words; any without one.
    #[serde(default)]
    pub changes: Vec<String>,
    /// The statuses of the study's servers.
    pub ours: Vec<String>,
    /// The statuses of the other server.
    pub other: Vec<String>,
    /// Why both may be.
    pub because: String,
}

/// All differences that are explained; the first that fits is the explanation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Differences {
    difference: Vec<Difference>,
}

impl Differences {
    /// Those from nginx.
    ///
    /// # Errors
    /// When the file of them is not as it must be.
    pub fn from_nginx() -> Result<Self, toml::de::Error> {
        toml::from_str(NGINX)
    }

    /// All, in order.
    pub fn all(&self) -> &[Difference] {
        &self.difference
    }

    /// The place of the explanation in [`Self::all`]; none when the difference is not explained.
    pub fn explain(&self, input: &Input, ours: &str, other: &str) -> Option<usize> {
        let any = |list: &[String], fits: &dyn Fn(&str) -> bool| {
            list.is_empty() || list.iter().any(|known| fits(known))
        };
        self.difference.iter().position(|difference| {
            any(&difference.places, &|place| place == input.place)
                && any(&difference.changes, &|change| {
                    input.change.starts_with(change)
                })
                && any(&difference.ours, &|statuses| statuses == ours)
                && any(&difference.other, &|statuses| statuses == other)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_explained_by_place_change_and_statuses_together() {
        let text = r#"
            [[difference]]
            places = ["target"]
            changes = ["insert"]
            ours = ["400"]
            other = ["200 200"]
            because = "of this"
        "#;
        let differences: Differences = toml::from_str(text).unwrap();
        let input = |place, change: &str| Input {
            place,
            change: change.to_owned(),
            bytes: Vec::new(),
        };
        let target = input("target", "insert CR");
        assert_eq!(differences.explain(&target, "400", "200 200"), Some(0));
        assert_eq!(differences.explain(&target, "400", "200"), None);
        assert_eq!(differences.explain(&target, "200 200", "400"), None);
        let other = input("method", "insert CR");
        assert_eq!(differences.explain(&other, "400", "200 200"), None);
        let other = input("target", "delete");
        assert_eq!(differences.explain(&other, "400", "200 200"), None);
    }

    #[test]
    fn the_file_can_be_read_and_says_why() {
        let differences = Differences::from_nginx().unwrap();
        for difference in differences.all() {
            assert!(!difference.because.is_empty() && !difference.ours.is_empty());
            assert!(!difference.other.is_empty());
        }
    }
}
