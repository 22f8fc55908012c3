//! A slab whose keys carry a generation, so that a key kept too long finds nothing instead of
//! somebody else's entry. Free of system calls.

/// Names one entry, once: after the entry is removed the key finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    index: u32,
    generation: u32,
}

impl Key {
    /// The key as the `user_data` of a submission queue entry.
    #[inline]
    pub(crate) fn to_user_data(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.index)
    }

    /// The key that came back in a completion queue entry.
    #[inline]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the two halves are split on purpose"
    )]
    pub(crate) fn from_user_data(user_data: u64) -> Self {
        Self {
            index: user_data as u32,
            generation: (user_data >> 32) as u32,
        }
    }
}

enum Entry<T> {
    Vacant { next: u32 },
    Occupied(T),
}

struct Slot<T> {
    generation: u32,
    entry: Entry<T>,
}

/// End of the list of vacant slots. No slot has this index.
const NONE: u32 = u32::MAX;

/// Entries of one type at stable indices, reused last-in first-out so that the warm ones are.
pub(crate) struct Slab<T> {
    slots: Vec<Slot<T>>,
    vacant: u32,
    len: usize,
}

impl<T> Slab<T> {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            slots: Vec::with_capacity(capacity),
            vacant: NONE,
            len: 0,
        }
    }

    /// Number of entries.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Takes an entry in and names it.
    pub(crate) fn insert(&mut self, value: T) -> Key {
        self.insert_with(|_| value)
    }

    /// Takes in an entry that is made knowing its name.
    ///
    /// # Panics
    /// With 2^32 - 1 entries at once.
    pub(crate) fn insert_with(&mut self, make: impl FnOnce(Key) -> T) -> Key {
        let key = if let Some(slot) = self.slots.get(self.vacant as usize) {
            let key = Key {
                index: self.vacant,
                generation: slot.generation,
            };
            let entry = Entry::Occupied(make(key));
            let slot = &mut self.slots[key.index as usize];
            let Entry::Vacant { next } = std::mem::replace(&mut slot.entry, entry) else {
                unreachable!("the list of vacant slots names an occupied one")
            };
            self.vacant = next;
            key
        } else {
            let index = u32::try_from(self.slots.len())
                .ok()
                .filter(|&index| index != NONE);
            let index = index.expect("a slab holds fewer than 2^32 - 1 entries");
            let key = Key {
                index,
                generation: 0,
            };
            let entry = Entry::Occupied(make(key));
            self.slots.push(Slot {
                generation: 0,
                entry,
            });
            key
        };
        self.len += 1;
        key
    }

    /// The entry, unless it was removed.
    #[inline]
    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        match self.slots.get_mut(key.index as usize) {
            Some(Slot {
                generation,
                entry: Entry::Occupied(value),
            }) if *generation == key.generation => Some(value),
            _ => None,
        }
    }

    /// Takes the entry out. The key, and every copy of it, finds nothing from now on (until the
    /// slot has been reused 2^32 times).
    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        self.get_mut(key)?;
        let slot = &mut self.slots[key.index as usize];
        slot.generation = slot.generation.wrapping_add(1);
        let entry = std::mem::replace(&mut slot.entry, Entry::Vacant { next: self.vacant });
        self.vacant = key.index;
        self.len -= 1;
        match entry {
            Entry::Occupied(value) => Some(value),
            Entry::Vacant { .. } => unreachable!("get_mut found it occupied"),
        }
    }

    /// All entries.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (Key, &mut T)> {
        let slots = (0u32..).zip(&mut self.slots);
        slots.filter_map(|(index, slot)| match &mut slot.entry {
            Entry::Occupied(value) => {
                let generation = slot.generation;
                Some((Key { index, generation }, value))
            }
            Entry::Vacant { .. } => None,
        })
    }

    /// Takes all entries out, their keys with them.
    pub(crate) fn drain(&mut self) -> Vec<T> {
        let keys: Vec<Key> = (0u32..)
            .zip(&self.slots)
            .filter(|(_, slot)| matches!(slot.entry, Entry::Occupied(_)))
            .map(|(index, slot)| Key {
                index,
                generation: slot.generation,
            })
            .collect();
        keys.into_iter()
            .filter_map(|key| self.remove(key))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_old_key_does_not_find_the_slot_s_next_entry() {
        let mut slab = Slab::with_capacity(1);
        let first = slab.insert("first");
        assert_eq!(slab.remove(first), Some("first"));
        let second = slab.insert("second");
        assert_eq!(first.index, second.index, "the slot is reused");
        assert_eq!(slab.get_mut(first), None);
        assert_eq!(slab.remove(first), None);
        assert_eq!(slab.get_mut(second), Some(&mut "second"));
    }

    #[test]
    fn user_data_keeps_both_halves() {
        let key = Key {
            index: 7,
            generation: 0xdead_beef,
        };
        assert_eq!(Key::from_user_data(key.to_user_data()), key);
    }

    proptest! {
        #![proptest_config(crate::testing::config())]

        #[test]
        fn behaves_like_a_map_whose_keys_are_never_reused(steps in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..400)) {
            let mut slab = Slab::with_capacity(0);
            let mut model = HashMap::new();
            let mut issued: Vec<Key> = Vec::new();
            for (step, (insert, pick)) in steps.into_iter().enumerate() {
                if insert || issued.is_empty() {
                    let key = slab.insert(step);
                    prop_assert!(model.insert(key, step).is_none(), "{key:?} was issued twice");
                    issued.push(key);
                } else {
                    let key = *pick.get(&issued);
                    prop_assert_eq!(slab.remove(key), model.remove(&key));
                }
                prop_assert_eq!(slab.len(), model.len());
                for key in &issued {
                    prop_assert_eq!(slab.get_mut(*key).copied(), model.get(key).copied());
                }
            }
            prop_assert_eq!(slab.drain().len(), model.len());
            prop_assert_eq!(slab.len(), 0);
        }
    }
}
