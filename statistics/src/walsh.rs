//! The Walsh averages of some values, the means of all pairs of them, each with itself too: how many lie
//! on a side of a bound, and which is the so-many-th.
//!
//! Of many values they are never all made. With the values in order the averages of one of them with the
//! others are in order too, so that one walk over both ends counts those below a bound.

/// Up to so many values all averages are made and sorted, which is faster.
const MADE_UP_TO: usize = 48;
/// So many averages a value are made at the end of a search.
const LEFT_A_VALUE: usize = 4;

/// The averages of some values.
#[derive(Clone, Debug)]
pub(crate) struct Walsh {
    /// The values in order.
    values: Vec<f64>,
    /// The averages in order, of few values.
    made: Option<Vec<f64>>,
}

impl Walsh {
    pub(crate) fn of(values: &[f64]) -> Self {
        let mut values = values.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        let made = (values.len() <= MADE_UP_TO).then(|| {
            let mut all: Vec<f64> = (0..values.len())
                .flat_map(|i| values[i..].iter().map(move |other| (i, other)))
                .map(|(i, other)| mean(values[i], *other))
                .collect();
            all.sort_unstable_by(f64::total_cmp);
            all
        });
        Self { values, made }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len() * (self.values.len() + 1) / 2
    }

    /// How many lie below a bound and how many above it.
    pub(crate) fn sides(values: &[f64], bound: f64) -> (usize, usize) {
        let mut values = values.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        let all = values.len() * (values.len() + 1) / 2;
        let below = count(&values, |average| average < bound);
        (below, all - count(&values, |average| average <= bound))
    }

    /// The average of a rank, from 0, in their order. `None` where there are not so many.
    pub(crate) fn at(&self, rank: usize) -> Option<f64> {
        if rank >= self.len() {
            return None;
        }
        if let Some(made) = &self.made {
            return Some(made[rank]);
        }
        // At most `rank` averages are up to `low`, more are up to `high`.
        let (mut low, mut up_to_low) = (self.values[0].next_down(), 0);
        let (mut high, mut up_to_high) = (*self.values.last()?, self.len());
        while up_to_high - up_to_low > LEFT_A_VALUE * self.values.len() {
            let middle = mean(low, high);
            if middle <= low || middle >= high {
                return Some(high);
            }
            let up_to_middle = count(&self.values, |average| average <= middle);
            if up_to_middle > rank {
                (high, up_to_high) = (middle, up_to_middle);
            } else {
                (low, up_to_low) = (middle, up_to_middle);
            }
        }
        let mut left = self.between(low, high);
        let (_, found, _) = left.select_nth_unstable_by(rank - up_to_low, f64::total_cmp);
        Some(*found)
    }

    /// Those above one bound and up to another.
    fn between(&self, low: f64, high: f64) -> Vec<f64> {
        let mut found = Vec::new();
        let (mut from, mut to) = (self.values.len(), self.values.len());
        for (i, value) in self.values.iter().enumerate() {
            let average = |j: usize| mean(*value, self.values[j]);
            while to > i && average(to - 1) > high {
                to -= 1;
            }
            while from > i && average(from - 1) > low {
                from -= 1;
            }
            found.extend((from.max(i)..to).map(average));
        }
        found
    }
}

/// The mean of two numbers whose sum is one: the same as `f64::midpoint`, which is slower as it also knows
/// those whose sum is not.
fn mean(one: f64, other: f64) -> f64 {
    (one + other) * 0.5
}

/// How many averages of sorted values lie where all below them do too.
fn count(values: &[f64], is_there: impl Fn(f64) -> bool) -> usize {
    let mut to = values.len();
    let mut there = 0;
    for (i, value) in values.iter().enumerate() {
        while to > i && !is_there(mean(*value, values[to - 1])) {
            to -= 1;
        }
        if to <= i {
            break;
        }
        there += to - i;
    }
    there
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(values: &[f64]) -> Vec<f64> {
        let mut all: Vec<f64> = (0..values.len())
            .flat_map(|i| (i..values.len()).map(move |j| f64::midpoint(values[i], values[j])))
            .collect();
        all.sort_unstable_by(f64::total_cmp);
        all
    }

    #[test]
    fn of_nothing_there_are_none() {
        assert_eq!(Walsh::of(&[]).len(), 0);
        assert_eq!(Walsh::of(&[]).at(0), None);
        assert_eq!(Walsh::sides(&[], 0.0), (0, 0));
    }

    #[test]
    fn many_equal_values_end_the_search() {
        let walsh = Walsh::of(&[0.25; 300]);
        assert_eq!(walsh.at(0), Some(0.25));
        assert_eq!(walsh.at(walsh.len() - 1), Some(0.25));
        assert_eq!(walsh.at(walsh.len()), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn those_that_are_looked_for_are_those_of_all(
            values in prop::collection::vec(-1.0_f64..1.0, 1..160),
            coarse in any::<bool>(),
            bound in -0.5_f64..0.5,
        ) {
            // Coarse values have many equal averages.
            let step = |value: f64| if coarse { (value * 8.0).round() / 8.0 } else { value };
            let values: Vec<f64> = values.into_iter().map(step).collect();
            let bound = step(bound);
            let (all, walsh) = (all(&values), Walsh::of(&values));
            prop_assert_eq!(walsh.len(), all.len());
            for rank in (0..all.len()).step_by(all.len() / 60 + 1).chain([all.len() - 1]) {
                prop_assert_eq!(walsh.at(rank), Some(all[rank]));
            }
            let below = all.iter().filter(|average| **average < bound).count();
            let above = all.iter().filter(|average| **average > bound).count();
            prop_assert_eq!(Walsh::sides(&values, bound), (below, above));
        }
    }
}
