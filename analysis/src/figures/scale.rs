//! From numbers to coordinates.

/// Steps between ticks that are easy to read, in a decade.
const NICE: [f64; 4] = [1.0, 2.0, 2.5, 5.0];

/// How a scale turns numbers into positions.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Linear,
    Log,
}

/// A scale from numbers to coordinates along one axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    kind: Kind,
    domain: (f64, f64),
    range: (f64, f64),
}

impl Scale {
    /// From zero to a little more than `largest`.
    pub(super) fn from_zero(largest: f64, range: (f64, f64)) -> Self {
        let largest = if largest > 0.0 { largest } else { 1.0 };
        let step = nice_step(largest);
        Self {
            kind: Kind::Linear,
            domain: (0.0, (largest / step).ceil() * step),
            range,
        }
    }

    /// Logarithmic between two positive numbers.
    pub(super) fn log(low: f64, high: f64, range: (f64, f64)) -> Self {
        Self {
            kind: Kind::Log,
            domain: (low, high),
            range,
        }
    }

    /// The coordinate of a number; beyond the ends it is the end's.
    pub(super) fn at(&self, value: f64) -> f64 {
        let (low, high) = self.domain;
        let value = value.clamp(low, high);
        let share = match self.kind {
            Kind::Linear => (value - low) / (high - low),
            Kind::Log => (value / low).ln() / (high / low).ln(),
        };
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    /// Numbers to mark, ascending.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let (low, high) = self.domain;
        match self.kind {
            Kind::Linear => {
                let step = nice_step(high);
                let count = (high / step).round() as u32;
                (0..=count).map(|n| f64::from(n) * step).collect()
            }
            Kind::Log => log_ticks(low, high),
        }
    }
}

/// A step that divides `span` into three to six parts.
fn nice_step(span: f64) -> f64 {
    let decade = 10_f64.powf((span / 5.0).log10().floor());
    NICE.iter()
        .map(|step| step * decade)
        .find(|step| span / step <= 6.0)
        .unwrap_or(10.0 * decade)
}

/// Decades; below two of them also nice numbers between.
fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    let within = |value: &f64| *value >= low * 0.999_999 && *value <= high * 1.000_001;
    let decades: Vec<f64> = (-3..=9).map(|power| 10_f64.powi(power)).collect();
    if high / low >= 500.0 {
        return decades.into_iter().filter(within).collect();
    }
    if high / low >= 3.0 {
        let finer = |decade: f64| [1.0, 2.0, 5.0].map(|step| step * decade);
        return (decades.into_iter().flat_map(finer))
            .filter(within)
            .collect();
    }
    // Around 1: as many of the tenths as fit, or twentieths where they are few.
    let step = if high - low > 0.5 {
        0.2
    } else if high - low > 0.22 {
        0.1
    } else {
        0.05
    };
    (1..60)
        .map(|n| f64::from(n) * step)
        .filter(within)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_scale_starts_at_zero_and_ends_on_a_tick() {
        let scale = Scale::from_zero(139_489.0, (10.0, 110.0));
        assert_eq!(scale.ticks(), [0.0, 25e3, 50e3, 75e3, 100e3, 125e3, 150e3]);
        assert!((scale.at(0.0) - 10.0).abs() < 1e-9);
        assert!((scale.at(75e3) - 60.0).abs() < 1e-9);
        assert!((scale.at(1e9) - 110.0).abs() < 1e-9);
    }

    #[test]
    fn a_ratio_scale_has_one_among_its_ticks() {
        for (low, high) in [(0.9, 1.1), (0.5, 1.3), (0.3, 4.0)] {
            let ticks = Scale::log(low, high, (0.0, 1.0)).ticks();
            assert!(
                ticks.iter().any(|tick| (tick - 1.0).abs() < 1e-9),
                "{ticks:?}"
            );
            assert!((3..=8).contains(&ticks.len()), "{ticks:?}");
        }
    }
}
