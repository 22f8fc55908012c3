//! Two arms, joined inside blocks.

use crate::load::Key;
use crate::metric::Derived;

/// Both arms' quantities in one block at one load point.
#[derive(Clone, Debug, PartialEq)]
pub struct Paired {
    /// Place of the load point in the plan.
    pub point: usize,
    /// The block.
    pub block: u32,
    /// The first arm's quantities.
    pub ours: Derived,
    /// The quantities of the arm it is compared with.
    pub base: Derived,
}

/// A measurement of an arm.
pub(super) type Of<'a> = (Key, &'a Derived);

/// Of two arms' measurements, each in the order of their keys, those at the same load in the same block.
pub(super) fn pairs<'a>(
    ours: impl Iterator<Item = Of<'a>>,
    base: impl Iterator<Item = Of<'a>>,
) -> Vec<Paired> {
    let place = |key: Key| (key.point, key.block);
    let mut base = base.peekable();
    ours.filter_map(|(key, ours)| {
        while base
            .next_if(|(other, _)| place(*other) < place(key))
            .is_some()
        {}
        let (_, base) = base.next_if(|(other, _)| place(*other) == place(key))?;
        Some(Paired {
            point: key.point,
            block: key.block,
            ours: *ours,
            base: *base,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Metric;

    fn measured(arm: usize, places: &[(usize, u32)]) -> Vec<(Key, Derived)> {
        let of = |(point, block): &(usize, u32)| {
            let mut derived = Derived::default();
            derived.set(
                Metric::RequestsPerSecond,
                Some(f64::from(*block) + arm as f64 / 10.0),
            );
            let (point, block) = (*point, *block);
            (Key { arm, point, block }, derived)
        };
        places.iter().map(of).collect()
    }

    #[test]
    fn only_what_both_have_is_paired() {
        let ours = measured(1, &[(0, 0), (0, 2), (1, 0), (1, 1)]);
        let base = measured(0, &[(0, 1), (0, 2), (1, 1), (1, 2), (2, 0)]);
        let found = pairs(
            ours.iter().map(|(key, derived)| (*key, derived)),
            base.iter().map(|(key, derived)| (*key, derived)),
        );
        let places: Vec<_> = found.iter().map(|p| (p.point, p.block)).collect();
        assert_eq!(places, [(0, 2), (1, 1)]);
        let rates = [found[1].ours, found[1].base].map(|d| d.get(Metric::RequestsPerSecond));
        assert_eq!(rates, [Some(1.1), Some(1.0)]);
    }
}
