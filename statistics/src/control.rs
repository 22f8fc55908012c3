//! What an effect must exceed to be told from the A/A control.
//!
//! The interval of a ratio knows the noise between blocks. What makes an arm differ from itself in
//! all blocks alike (a port that hashes badly, a place in memory) it cannot know; the control shows it. A
//! verdict therefore needs the estimate to be farther from the ratio that it excludes than the control is
//! from 1: than the control's estimate, or, where the control's own interval leaves 1 out and so shows a
//! difference where there is none, than the far end of that interval.

use crate::Estimate;

/// How far from 1 the control lies, as a logarithm: an effect that is no larger shows nothing.
pub fn threshold(control: &Estimate) -> f64 {
    let deviation = if control.excludes_one() {
        control.reach()
    } else {
        control.deviation()
    };
    deviation.ln_1p()
}

/// Whether the estimate is farther from `bound` than the control from 1.
pub fn clears(estimate: &Estimate, bound: f64, control: &Estimate) -> bool {
    (estimate.value.ln() - bound.ln()).abs() > threshold(control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: f64, low: f64, high: f64) -> Estimate {
        Estimate {
            value,
            low,
            high,
            blocks: 8,
        }
    }

    #[test]
    fn a_quiet_control_asks_for_more_than_its_deviation() {
        let control = of(1.03, 0.97, 1.09);
        assert!(clears(&of(0.96, 0.9, 0.99), 1.0, &control));
        assert!(!clears(&of(0.98, 0.97, 0.99), 1.0, &control));
        assert!(!clears(&of(0.93, 0.92, 0.94), 0.95, &control));
    }

    #[test]
    fn a_control_that_differs_from_itself_asks_for_more_than_its_reach() {
        let control = of(1.03, 1.01, 1.05);
        assert!(!clears(&of(0.96, 0.9, 0.99), 1.0, &control));
        assert!(clears(&of(0.94, 0.9, 0.99), 1.0, &control));
    }
}
