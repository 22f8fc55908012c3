//! The decision table, line by line and as properties.

use proptest::prelude::*;

use super::*;

fn found(low: f64, high: f64) -> Evidence {
    Evidence {
        estimate: Some(Estimate {
            value: (low * high).sqrt(),
            low,
            high,
            blocks: 10,
        }),
        client_bound: false,
        unsaturated: false,
        control: None,
    }
}

fn check(shape: Shape, low: f64, high: f64, verdict: Verdict, reason: Reason) {
    let decision = decide(shape, &found(low, high));
    assert_eq!(
        decision,
        Decision { verdict, reason },
        "{shape:?} and [{low}, {high}]"
    );
}

#[test]
fn the_table_line_by_line() {
    use Reason::*;
    use Shape::*;
    use Verdict::*;
    let cases = [
        // Line 4, at its edges, for every shape.
        (Times(1.26), 0.99, 1.01, Equivalent, WithinMargin),
        (Times(1.02), 1.0 / 1.02, 1.02, Equivalent, WithinMargin),
        (Less, 0.985, 0.999, Equivalent, WithinMargin),
        (Similar, 0.981, 1.019, Equivalent, WithinMargin),
        // Line 5: inside the interval, reached less the margin, surpassed.
        (Times(1.26), 1.20, 1.30, Supported, Reached),
        (Times(1.26), 1.01, 1.40, Supported, Reached),
        (Times(1.26), 1.10, 1.24, Supported, Reached),
        (Times(1.26), 1.30, 1.50, Supported, Surpassed),
        (Times(0.80), 0.78, 0.83, Supported, Reached),
        (Times(0.80), 0.60, 0.70, Supported, Surpassed),
        (Less, 0.90, 0.95, Supported, Surpassed),
        (More, 1.01, 1.05, Supported, Surpassed),
        (Times(1.02), 1.01, 1.03, Supported, Reached),
        // Line 6: its three reasons, both directions.
        (Times(1.26), 1.03, 1.10, Refuted, Smaller),
        (Times(1.26), 0.97, 1.10, Refuted, NoDifference),
        (Times(1.26), 0.80, 0.95, Refuted, Reverse),
        (Times(0.80), 0.90, 0.96, Refuted, Smaller),
        (Times(0.80), 0.95, 1.05, Refuted, NoDifference),
        (Times(0.80), 1.05, 1.20, Refuted, Reverse),
        (Less, 1.03, 1.10, Refuted, Reverse),
        (More, 0.90, 0.95, Refuted, Reverse),
        (Times(1.02), 0.90, 0.97, Refuted, Reverse),
        // Line 7.
        (Times(1.26), 0.90, 1.40, Inconclusive, TooWide),
        (Less, 0.95, 1.05, Inconclusive, TooWide),
        (Less, 1.001, 1.03, Refuted, Reverse),
        // Limits.
        (AtMost(0.95), 0.90, 0.95, Supported, Met),
        (AtMost(0.95), 0.96, 0.99, Refuted, Missed),
        (AtMost(0.95), 0.94, 0.96, Inconclusive, Straddles),
        (AtMost(1.0), 0.99, 1.01, Inconclusive, Straddles),
        (AtMost(1.0), 0.99, 1.0, Supported, Met),
        (AtLeast(2.0), 2.0, 2.5, Supported, Met),
        (AtLeast(2.0), 1.5, 1.9, Refuted, Missed),
        (AtLeast(2.0), 1.9, 2.1, Inconclusive, Straddles),
        // Likeness.
        (Similar, 1.03, 1.10, Refuted, Different),
        (Similar, 0.80, 0.97, Refuted, Different),
        (Similar, 0.97, 1.03, Inconclusive, TooWide),
        (Similar, 1.01, 1.10, Inconclusive, TooWide),
    ];
    for (shape, low, high, verdict, reason) in cases {
        check(shape, low, high, verdict, reason);
    }
}

#[test]
fn what_forbids_any_other_verdict_comes_first() {
    let certain = found(1.30, 1.40);
    let none = Evidence {
        estimate: None,
        client_bound: true,
        unsaturated: false,
        control: None,
    };
    assert_eq!(decide(Shape::Times(1.26), &none).verdict, Verdict::Invalid);
    let few = Evidence {
        estimate: certain.estimate.map(|estimate| Estimate {
            blocks: MIN_BLOCKS - 1,
            ..estimate
        }),
        ..certain
    };
    assert_eq!(
        decide(Shape::Times(1.26), &few).reason,
        Reason::TooFewBlocks
    );
    let idle = Evidence {
        unsaturated: true,
        ..certain
    };
    assert_eq!(
        decide(Shape::AtMost(2.0), &idle),
        Decision {
            verdict: Verdict::Inconclusive,
            reason: Reason::NotSaturated
        }
    );
    let bound = Evidence {
        client_bound: true,
        ..certain
    };
    assert_eq!(
        decide(Shape::Times(1.26), &bound).reason,
        Reason::ClientBound
    );
}

#[test]
fn a_difference_must_exceed_the_controls() {
    let beside = |low: f64, high: f64, control: (f64, f64)| Evidence {
        control: found(control.0, control.1).estimate,
        ..found(low, high)
    };
    let noise = Decision {
        verdict: Verdict::Inconclusive,
        reason: Reason::WithinNoise,
    };
    // The estimates are 0.96 and 0.95, the control's 1.05.
    let control = (0.98, 1.125);
    assert_eq!(decide(Shape::Less, &beside(0.94, 0.98, control)), noise);
    assert_eq!(
        decide(Shape::Less, &beside(0.92, 0.96, control)).verdict,
        Verdict::Supported
    );
    // One that leaves 1 out asks for its far end.
    let alarm = (1.01, 1.09);
    assert_eq!(decide(Shape::Less, &beside(0.92, 0.96, alarm)), noise);
    // A limit and the margin are no other than 1: what they exclude must be as far.
    assert_eq!(
        decide(Shape::AtMost(0.95), &beside(0.90, 0.94, control)),
        noise
    );
    assert_eq!(decide(Shape::Similar, &beside(0.99, 1.01, control)), noise);
    assert_eq!(
        decide(Shape::Similar, &beside(0.99, 1.01, (0.99, 1.012))).verdict,
        Verdict::Equivalent
    );
    // What decides nothing stays what it is.
    assert_eq!(
        decide(Shape::Less, &beside(0.9, 1.1, control)).reason,
        Reason::TooWide
    );
}

#[test]
fn a_claim_about_several_loads_falls_with_one() {
    use Verdict::*;
    assert_eq!(combine(&[Supported, Supported]), Supported);
    assert_eq!(combine(&[Supported, Refuted]), Refuted);
    assert_eq!(combine(&[Supported, Equivalent]), Refuted);
    assert_eq!(combine(&[Equivalent, Equivalent]), Equivalent);
    assert_eq!(combine(&[Inconclusive, Supported]), Inconclusive);
    assert_eq!(combine(&[Inconclusive, Refuted]), Refuted);
    assert_eq!(combine(&[Invalid, Refuted]), Invalid);
}

fn shapes() -> impl Strategy<Value = Shape> {
    prop_oneof![
        (0.3_f64..3.0).prop_map(Shape::Times),
        Just(Shape::More),
        Just(Shape::Less),
        Just(Shape::Similar),
        (0.3_f64..3.0).prop_map(Shape::AtMost),
        (0.3_f64..3.0).prop_map(Shape::AtLeast),
    ]
}

proptest! {
    #[test]
    fn a_reversed_or_absent_difference_is_never_supported(
        shape in shapes(),
        low in 0.3_f64..3.0,
        width in 1.0_f64..2.0,
    ) {
        let high = low * width;
        let decision = decide(shape, &found(low, high));
        if decision.verdict == Verdict::Supported {
            match shape {
                Shape::Times(ratio) if ratio >= 1.0 => prop_assert!(low > 1.0),
                Shape::Times(_) | Shape::Less => prop_assert!(high < 1.0),
                Shape::More => prop_assert!(low > 1.0),
                Shape::Similar => prop_assert!(false, "likeness is equivalent, not supported"),
                Shape::AtMost(limit) => prop_assert!(high <= limit),
                Shape::AtLeast(limit) => prop_assert!(low >= limit),
            }
        }
    }

    #[test]
    fn inverting_claim_and_interval_changes_nothing(
        ratio in 0.3_f64..3.0,
        low in 0.3_f64..3.0,
        width in 1.0_f64..2.0,
    ) {
        let high = low * width;
        // On the very edges rounding may differ between a number and its inverse.
        let edges = [1.0, 1.02, 1.0 / 1.02, ratio, ratio * 1.02, ratio / 1.02];
        prop_assume!(edges.iter().all(|e| (low - e).abs() > 1e-6 && (high - e).abs() > 1e-6));
        prop_assume!((ratio - 1.0).abs() > 1e-6);
        let there = decide(Shape::Times(ratio), &found(low, high));
        let back = decide(Shape::Times(1.0 / ratio), &found(1.0 / high, 1.0 / low));
        prop_assert_eq!(there, back);
    }

    #[test]
    fn supported_needs_the_claimed_size_and_refuted_excludes_it(
        ratio in 1.0_f64..3.0,
        low in 0.3_f64..3.0,
        width in 1.0_f64..2.0,
    ) {
        let high = low * width;
        let least = ratio / 1.02;
        match decide(Shape::Times(ratio), &found(low, high)).verdict {
            Verdict::Supported => prop_assert!(high >= least * (1.0 - 1e-6)),
            Verdict::Refuted => prop_assert!(high < least),
            Verdict::Equivalent => prop_assert!(low >= 1.0 / 1.02 && high <= 1.02),
            Verdict::Inconclusive => prop_assert!(low <= 1.0 && high >= least * (1.0 - 1e-6)),
            Verdict::Invalid => prop_assert!(false, "both cells are valid"),
        }
    }
}
