//! What `Dict` and `Set` are made of: an insertion-ordered table of hashed keys.
//!
//! It is an `IndexMap` without a hasher of its own. Every key is hashed once, by `key.rs`, which also says whether it
//! can be a key at all; all access goes through the map's raw entries with that hash. The table keeps the sum of its
//! keys' hashes, which is what makes hashing and comparing nested frozensets linear.

use indexmap::IndexMap;
use indexmap::map::raw_entry_v1::{RawEntryApiV1, RawEntryMut, RawOccupiedEntryMut, RawVacantEntryMut};

use super::Value;
use super::key::{KeyHash, Unhashable, equal, hash_bytes, hash_key, hash_str, needs_identity};
use super::lookup::sealed::Probed;
use crate::error::{Error, Result};

/// Keys in the order in which they came, each with a `V`.
pub(super) struct Table<V> {
    map: IndexMap<Value, V, ()>,
    sums: Sums,
}

/// What is known of the hashes of all keys.
#[derive(Default)]
struct Sums {
    /// The stable hashes added up: the same whatever the order.
    stable: u64,
    /// How many hashes are unstable, so that nothing equals these keys and no table with them.
    unstable: usize,
}

impl Sums {
    fn count(&mut self, hash: KeyHash) {
        if hash.stable {
            self.stable = self.stable.wrapping_add(hash.value);
        } else {
            self.unstable += 1;
        }
    }

    fn discount(&mut self, hash: KeyHash) {
        if hash.stable {
            self.stable = self.stable.wrapping_sub(hash.value);
        } else {
            self.unstable = self.unstable.saturating_sub(1);
        }
    }
}

/// The place of a key in a table.
pub(super) enum Slot<'a, V> {
    Occupied(RawOccupiedEntryMut<'a, Value, V, ()>),
    Vacant(Vacant<'a, V>),
}

/// A key that is not in the table yet.
pub(super) struct Vacant<'a, V> {
    place: RawVacantEntryMut<'a, Value, V, ()>,
    sums: &'a mut Sums,
    hash: KeyHash,
    pub(super) key: Value,
}

impl<'a, V> Vacant<'a, V> {
    pub(super) fn insert(self, value: V) -> &'a mut V {
        self.sums.count(self.hash);
        self.place.insert_hashed_nocheck(self.hash.value, self.key, value).1
    }
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl<V> Table<V> {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { map: IndexMap::with_capacity_and_hasher(capacity, ()), sums: Sums::default() }
    }

    pub(super) fn iter_mut(&mut self) -> indexmap::map::IterMut<'_, Value, V> {
        self.map.iter_mut()
    }

    pub(super) fn into_map(self) -> IndexMap<Value, V, ()> {
        self.map
    }

    pub(super) fn len(&self) -> usize {
        self.map.len()
    }

    pub(super) fn iter(&self) -> indexmap::map::Iter<'_, Value, V> {
        self.map.iter()
    }

    pub(super) fn sum(&self) -> u64 {
        self.sums.stable
    }

    /// Whether another table can have equal keys.
    pub(super) fn is_stable(&self) -> bool {
        self.sums.unstable == 0
    }

    pub(super) fn get_index(&self, index: usize) -> Option<(&Value, &V)> {
        self.map.get_index(index)
    }

    pub(super) fn get_index_mut(&mut self, index: usize) -> Option<(&Value, &mut V)> {
        self.map.get_index_mut(index)
    }

    /// The place of a key that equals `key`; what cannot be a key is in no table.
    pub(super) fn find(&self, key: &Value) -> Option<usize> {
        let hash = hash_key(key).ok()?;
        self.find_by(hash, |candidate| equal(key, candidate))
    }

    /// The value under the key that is the same as `key`.
    ///
    /// For comparing tables within tables: as against [`find`](Self::find), keys are not compared under the stack frames
    /// of the search. It asks for the first, the second, … key with such a hash; there is hardly ever more than one.
    pub(super) fn find_by_steps(&self, key: &Value, same_key: fn(&Value, &Value) -> bool) -> Option<&V> {
        let hash = hash_key(key).ok()?;
        let mut nth = 0;
        loop {
            let mut seen = 0;
            let index = self.find_by(hash, |_| {
                seen += 1;
                seen > nth
            })?;
            let (candidate, value) = self.map.get_index(index)?;
            if same_key(key, candidate) {
                return Some(value);
            }
            nth += 1;
        }
    }

    /// The place of what is looked for.
    pub(super) fn find_probe(&self, probe: Probed<'_>) -> Option<usize> {
        match probe {
            Probed::Str(text) => self.find_by(hash_str(text), |key| matches!(key, Value::Str(key) if key == text)),
            Probed::Bytes(bytes) => {
                self.find_by(hash_bytes(bytes), |key| matches!(key, Value::Bytes(key) if key == bytes))
            }
            Probed::Value(key) => self.find(key),
            Probed::Made(key) => self.find(&key),
        }
    }

    fn find_by(&self, hash: KeyHash, is_match: impl FnMut(&Value) -> bool) -> Option<usize> {
        self.map.raw_entry_v1().index_from_hash(hash.value, is_match)
    }

    /// Where `key` is or would be, without a look at whether it needs an identity.
    pub(super) fn slot(&mut self, key: Value) -> Result<Slot<'_, V>, Unhashable> {
        let hash = hash_key(&key)?;
        Ok(match self.map.raw_entry_mut_v1().from_hash(hash.value, |candidate| equal(&key, candidate)) {
            RawEntryMut::Occupied(entry) => Slot::Occupied(entry),
            RawEntryMut::Vacant(place) => Slot::Vacant(Vacant { place, sums: &mut self.sums, hash, key }),
        })
    }

    /// Stores `value` under `key`, which keeps its place if it is there already; returns the place and the old value.
    ///
    /// An equal key that holds an object is an error: the two may be different to Python, and one would be lost.
    pub(super) fn insert(&mut self, key: Value, value: V) -> Result<(usize, Option<V>)> {
        match self.slot(key)? {
            Slot::Occupied(entry) if needs_identity(entry.key()) => Err(look_alikes()),
            Slot::Occupied(mut entry) => Ok((entry.index(), Some(entry.insert(value)))),
            Slot::Vacant(vacant) => {
                let index = vacant.place.index();
                vacant.insert(value);
                Ok((index, None))
            }
        }
    }

    /// Stores a key that is known to be hashable and to equal none that is there.
    pub(super) fn insert_distinct(&mut self, key: Value, value: V) {
        // What is not hashable does not come here.
        let Ok(hash) = hash_key(&key) else { return };
        if let RawEntryMut::Vacant(place) = self.map.raw_entry_mut_v1().from_hash(hash.value, |_| false) {
            Vacant { place, sums: &mut self.sums, hash, key }.insert(value);
        }
    }

    pub(super) fn remove_index(&mut self, index: usize) -> Option<(Value, V)> {
        let (key, value) = self.map.shift_remove_index(index)?;
        // It was hashed when it came.
        if let Ok(hash) = hash_key(&key) {
            self.sums.discount(hash);
        }
        Some((key, value))
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Value, &mut V) -> bool) {
        let sums = &mut self.sums;
        self.map.retain(|key, value| {
            let kept = keep(key, value);
            if !kept && let Ok(hash) = hash_key(key) {
                sums.discount(hash);
            }
            kept
        });
    }

    pub(super) fn reserve(&mut self, additional: usize) {
        self.map.reserve(additional);
    }
}

#[cold]
fn look_alikes() -> Error {
    Error::unsupported(
        "two keys are objects that look alike, and only their identity tells them apart: a Graph keeps it, a Value does \
         not",
    )
}
