//! A table of many keys, or of any kind: insertion-ordered and hashed.
//!
//! It is an `IndexMap` without a hasher of its own. Every key is hashed once, by `key.rs`, which
//! also fails for a value that cannot be a key; all access goes through the map's raw entries with
//! that hash. The table keeps the sum of its keys' hashes, so that hashing and comparing nested
//! frozensets is linear.

use indexmap::IndexMap;
use indexmap::map::raw_entry_v1::{RawEntryApiV1, RawEntryMut, RawVacantEntryMut};

use super::Value;
use super::equal::equal;
use super::key::{KeyHash, Unhashable, hash_key};

/// Keys in the order in which they came, each with a `V`.
pub(super) struct Hashed<V> {
    map: IndexMap<Value, V, ()>,
    sums: Sums,
}

/// A summary of the hashes of all keys.
#[derive(Default)]
struct Sums {
    /// The stable hashes added up: the same whatever the order.
    stable: u64,
    /// The number of unstable hashes. Nothing equals such keys, and no table equals one with them.
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

/// The place of a key: its entry, or a vacancy.
pub(super) enum Place<'a, V> {
    Occupied { index: usize, key: &'a Value, value: &'a mut V },
    Vacant(Vacancy<'a, V>),
}

/// The place for a key that is not there yet.
pub(super) struct Vacancy<'a, V> {
    place: RawVacantEntryMut<'a, Value, V, ()>,
    sums: &'a mut Sums,
    hash: KeyHash,
}

impl<'a, V> Vacancy<'a, V> {
    pub(super) fn insert(self, key: Value, value: V) -> &'a mut V {
        self.sums.count(self.hash);
        self.place.insert_hashed_nocheck(self.hash.value, key, value).1
    }

    pub(super) fn index(&self) -> usize {
        self.place.index()
    }
}

impl<V> Hashed<V> {
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

    /// The number of keys with an unstable hash.
    pub(super) fn unstable(&self) -> usize {
        self.sums.unstable
    }

    pub(super) fn get_index(&self, index: usize) -> Option<(&Value, &V)> {
        self.map.get_index(index)
    }

    pub(super) fn get_index_mut(&mut self, index: usize) -> Option<(&Value, &mut V)> {
        self.map.get_index_mut(index)
    }

    /// The place of a key that equals `key`; `None` also for a value that cannot be a key.
    pub(super) fn find(&self, key: &Value) -> Option<usize> {
        let hash = hash_key(key).ok()?;
        self.find_by(hash, |candidate| equal(key, candidate))
    }

    /// The value under the key that is the same as `key`.
    ///
    /// For comparing tables within tables: as against [`find`](Self::find), keys are not compared
    /// under the stack frames of the search. It asks for the first, the second, … key with that
    /// hash; there is almost never more than one.
    pub(super) fn find_by_steps(
        &self,
        key: &Value,
        same_key: fn(&Value, &Value) -> bool,
    ) -> Option<&V> {
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

    /// The place of the key with this hash that is a match.
    pub(super) fn find_by(
        &self,
        hash: KeyHash,
        is_match: impl FnMut(&Value) -> bool,
    ) -> Option<usize> {
        self.map.raw_entry_v1().index_from_hash(hash.value, is_match)
    }

    /// The place of `key`, or the vacancy for it.
    pub(super) fn place(&mut self, key: &Value) -> Result<Place<'_, V>, Unhashable> {
        let hash = hash_key(key)?;
        Ok(
            match self
                .map
                .raw_entry_mut_v1()
                .from_hash(hash.value, |candidate| equal(key, candidate))
            {
                RawEntryMut::Occupied(entry) => {
                    let index = entry.index();
                    let (key, value) = entry.into_key_value_mut();
                    Place::Occupied { index, key, value }
                }
                RawEntryMut::Vacant(place) => {
                    Place::Vacant(Vacancy { place, sums: &mut self.sums, hash })
                }
            },
        )
    }

    /// Stores a key that is known to be hashable and to equal none that is there.
    pub(super) fn insert_distinct(&mut self, key: Value, value: V) {
        // Keys that are not hashable do not get here.
        let Ok(hash) = hash_key(&key) else { return };
        if let RawEntryMut::Vacant(place) =
            self.map.raw_entry_mut_v1().from_hash(hash.value, |_| false)
        {
            Vacancy { place, sums: &mut self.sums, hash }.insert(key, value);
        }
    }

    pub(super) fn remove_index(&mut self, index: usize) -> Option<(Value, V)> {
        let (key, value) = self.map.shift_remove_index(index)?;
        // It was hashable when it was inserted.
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
