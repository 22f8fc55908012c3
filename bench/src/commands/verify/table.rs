//! What came of the cases, for the reader at the terminal.

use conformance::Outcome;

use super::Verified;

/// A row a case, a column an arm, by the numbers of the list above; the failures below.
pub(super) fn table(verified: &[Verified]) -> String {
    let mut text = String::new();
    for (number, arm) in (1..).zip(verified) {
        text += &format!("{number:>3}  {}\n", arm.arm);
    }
    text += &format!("\n{:<24}", "case");
    for number in 1..=verified.len() {
        text += &format!("{number:>6}");
    }
    text.push('\n');
    for case in conformance::cases() {
        text += &format!("{:<24}", case.name);
        for arm in verified {
            let found = arm.cases.iter().find(|(known, _)| known.name == case.name);
            let word = match found {
                Some((_, Outcome::Passed)) => "ok",
                Some((_, Outcome::Failed(_))) => "FAIL",
                Some((_, Outcome::NotApplicable)) => "n/a",
                None => "-",
            };
            text += &format!("{word:>6}");
        }
        text.push('\n');
    }
    for arm in verified {
        for (case, outcome) in &arm.cases {
            if let Outcome::Failed(failure) = outcome {
                text += &format!("\n{}, {}: {failure}\n", arm.arm, case.name);
            }
        }
        if !arm.error.is_empty() {
            text += &format!("\n{}: {}\n", arm.arm, arm.error);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use conformance::Case;

    use super::super::failed;
    use super::*;
    use crate::arms::Answers;

    #[test]
    fn the_table_shows_what_passed_what_does_not_apply_and_what_failed() {
        let cases = conformance::cases();
        let outcome = |case: &Case| {
            if case.needs_parsing {
                Outcome::NotApplicable
            } else {
                Outcome::Passed
            }
        };
        let verified = |name: &str| Verified {
            arm: name.to_owned(),
            version: String::new(),
            answers: Answers::SameBytes,
            cases: Vec::new(),
            replies: Vec::new(),
            error: String::new(),
        };
        let passed = Verified {
            cases: cases.iter().map(|case| (case, outcome(case))).collect(),
            ..verified("one")
        };
        let broken = Verified {
            error: "no ring can be made".to_owned(),
            ..verified("two")
        };
        assert!(!failed(&passed) && failed(&broken));
        let text = table(&[passed, broken]);
        let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap();
        assert_eq!(
            line("one-request")
                .split_whitespace()
                .skip(1)
                .collect::<Vec<_>>(),
            ["ok", "-"]
        );
        assert_eq!(
            line("malformed-400")
                .split_whitespace()
                .skip(1)
                .collect::<Vec<_>>(),
            ["n/a", "-"]
        );
        assert!(text.ends_with("two: no ring can be made\n"));
    }
}
