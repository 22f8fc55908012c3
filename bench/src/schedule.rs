//! The order of the measurements: complete blocks, each shuffled by the plan's seed.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use records::{ArmEntry, LoadPoint, Plan};

/// One measurement to make: a cell in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Block, from 0.
    pub block: u32,
    /// Position in the run, from 0.
    pub sequence: u32,
    /// The arm.
    pub arm: ArmEntry,
    /// The load.
    pub load: LoadPoint,
}

/// What tells a cell in a block from all others: block, arm, load.
pub type Key = (u32, String, LoadPoint);

impl Cell {
    /// The cell's key.
    pub fn key(&self) -> Key {
        (self.block, self.arm.name.clone(), self.load.clone())
    }
}

/// All measurements of a plan in order. It depends on the plan alone; a block's order depends on
/// the seed, the block and its cells, not on how many blocks there are.
pub fn schedule(plan: &Plan) -> Vec<Cell> {
    let mut cells = Vec::new();
    for block in 0..plan.blocks {
        let mut pass: Vec<(&ArmEntry, &LoadPoint)> = plan
            .arms
            .iter()
            .flat_map(|arm| plan.load_points.iter().map(move |load| (arm, load)))
            .collect();
        let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
        rng.set_stream(u64::from(block));
        pass.shuffle(&mut rng);
        for (arm, load) in pass {
            let sequence = u32::try_from(cells.len()).expect("a run has fewer than 2^32 cells");
            cells.push(Cell {
                block,
                sequence,
                arm: arm.clone(),
                load: load.clone(),
            });
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::arms::Arms;
    use crate::experiment::Experiment;

    fn plan(seed: u64, blocks: u32) -> Plan {
        let arms = Arms::load(None, &[]).unwrap();
        let mut plan = Experiment::load("quick")
            .unwrap()
            .plan(&arms, &[0, 1], false, seed)
            .unwrap();
        plan.blocks = blocks;
        plan
    }

    #[test]
    fn every_block_holds_every_cell_once_in_an_order_of_its_own() {
        let cells = schedule(&plan(7, 4));
        assert_eq!(cells.len(), 60);
        let mut orders = BTreeSet::new();
        for (block, pass) in (0u32..).zip(cells.chunks(15)) {
            assert!(pass.iter().all(|cell| cell.block == block));
            let order: Vec<_> = pass
                .iter()
                .map(|cell| (cell.arm.name.clone(), cell.load.clone()))
                .collect();
            let set: BTreeSet<_> = order.iter().cloned().collect();
            assert_eq!(set.len(), 15);
            orders.insert(order);
        }
        assert_eq!(orders.len(), 4);
        let sequence: Vec<u32> = cells.iter().map(|cell| cell.sequence).collect();
        assert_eq!(sequence, (0..60).collect::<Vec<u32>>());
    }

    #[test]
    fn the_seed_decides_the_order_and_more_blocks_do_not_change_it() {
        assert_eq!(schedule(&plan(7, 3)), schedule(&plan(7, 3)));
        assert_ne!(schedule(&plan(7, 3)), schedule(&plan(8, 3)));
        assert_eq!(schedule(&plan(7, 3)), schedule(&plan(7, 5))[..45]);
    }
}
