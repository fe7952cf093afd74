//! The table behind `Dict` and `Set`: keys in insertion order, each with a value or with nothing.
//!
//! Most dicts are records: a few names. Comparing a key with each of them takes less time than
//! hashing it, and a list takes two blocks of memory less per dict. So a table begins as a list of
//! at most [`FEW`] entries, whose keys are of kinds that are cheap to compare ([`is_plain`]); with
//! more keys, or another kind of key, it becomes [`Hashed`], for good.

use std::{slice, vec};

use indexmap::map;

use super::Value;
use super::equal::equal;
use super::hashed::{Hashed, Place, Vacancy};
use super::key::{Unhashable, hash_bytes, hash_key, hash_str, is_bytes, is_str, needs_identity};
use super::lookup::sealed::Probed;
use crate::error::{Error, Result};

/// The greatest number of entries that are compared one by one.
const FEW: usize = 8;

/// Keys in the order in which they came, each with a `V`.
pub(super) enum Table<V> {
    /// All keys are plain.
    Few(Vec<(Value, V)>),
    Many(Box<Hashed<V>>),
}

/// Returns true if a key is hashable, equals itself, and is compared without a look into other
/// values.
fn is_plain(key: &Value) -> bool {
    matches!(key, Value::Str(_) | Value::Int(_) | Value::Bytes(_) | Value::None | Value::Bool(_))
}

/// The place of a key in a table.
pub(super) enum Spot<'a, V> {
    Occupied(Occupied<'a, V>),
    Vacant(Vacant<'a, V>),
}

/// A key that is in the table.
pub(super) struct Occupied<'a, V> {
    index: usize,
    pub(super) key: &'a Value,
    pub(super) value: &'a mut V,
}

/// A key that is not in the table yet.
pub(super) struct Vacant<'a, V> {
    space: Space<'a, V>,
    pub(super) key: Value,
}

enum Space<'a, V> {
    Few(&'a mut Vec<(Value, V)>),
    Many(Vacancy<'a, V>),
}

impl<'a, V> Vacant<'a, V> {
    pub(super) fn insert(self, value: V) -> &'a mut V {
        match self.space {
            Space::Few(entries) => {
                let index = entries.len();
                entries.push((self.key, value));
                // Just pushed.
                &mut entries[index].1
            }
            Space::Many(vacancy) => vacancy.insert(self.key, value),
        }
    }

    fn index(&self) -> usize {
        match &self.space {
            Space::Few(entries) => entries.len(),
            Space::Many(vacancy) => vacancy.index(),
        }
    }
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> Table<V> {
    pub(super) const fn new() -> Self {
        Self::Few(Vec::new())
    }

    pub(super) fn with_capacity(capacity: usize) -> Self {
        if capacity <= FEW {
            Self::Few(Vec::with_capacity(capacity))
        } else {
            Self::Many(Box::new(Hashed::with_capacity(capacity)))
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Few(entries) => entries.len(),
            Self::Many(hashed) => hashed.len(),
        }
    }

    pub(super) fn iter(&self) -> Iter<'_, V> {
        match self {
            Self::Few(entries) => Iter::Few(entries.iter()),
            Self::Many(hashed) => Iter::Many(hashed.iter()),
        }
    }

    pub(super) fn iter_mut(&mut self) -> IterMut<'_, V> {
        match self {
            Self::Few(entries) => IterMut::Few(entries.iter_mut()),
            Self::Many(hashed) => IterMut::Many(hashed.iter_mut()),
        }
    }

    /// Returns true if the keys may be those of `other`, without comparing deeper than the keys.
    pub(super) fn may_equal(&self, other: &Self) -> bool {
        self.len() == other.len()
            && match (self, other) {
                // A key with an unstable hash equals nothing; if the sums differ, some key does.
                (Self::Many(a), Self::Many(b)) => {
                    a.unstable() == 0 && b.unstable() == 0 && a.sum() == b.sum()
                }
                _ => self.is_stable() && other.is_stable(),
            }
    }

    /// Returns true if the entries may be structurally those of `other`. In contrast to
    /// [`may_equal`](Self::may_equal), both may have keys that equal nothing in Python.
    pub(super) fn may_be_same(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.lone_keys() == other.lone_keys()
            && match (self, other) {
                (Self::Many(a), Self::Many(b)) => a.sum() == b.sum(),
                _ => true,
            }
    }

    /// The number of keys with an unstable hash, which no search finds.
    pub(super) fn lone_keys(&self) -> usize {
        match self {
            Self::Few(_) => 0,
            Self::Many(hashed) => hashed.unstable(),
        }
    }

    /// The stable hashes of all keys added up.
    pub(super) fn sum(&self) -> u64 {
        match self {
            // Few and plain: this takes no longer than reading them.
            Self::Few(entries) => {
                let hashes = entries.iter().filter_map(|(key, _)| hash_key(key).ok());
                hashes.fold(0, |sum, hash| sum.wrapping_add(hash.value))
            }
            Self::Many(hashed) => hashed.sum(),
        }
    }

    /// Returns true if another table can have equal keys.
    pub(super) fn is_stable(&self) -> bool {
        self.lone_keys() == 0
    }

    pub(super) fn get_index(&self, index: usize) -> Option<(&Value, &V)> {
        match self {
            Self::Few(entries) => entries.get(index).map(|(key, value)| (key, value)),
            Self::Many(hashed) => hashed.get_index(index),
        }
    }

    pub(super) fn get_index_mut(&mut self, index: usize) -> Option<(&Value, &mut V)> {
        match self {
            Self::Few(entries) => entries.get_mut(index).map(|(key, value)| (&*key, value)),
            Self::Many(hashed) => hashed.get_index_mut(index),
        }
    }

    /// The value under the key that is the same as `key`; see [`Hashed::find_by_steps`].
    pub(super) fn find_by_steps(
        &self,
        key: &Value,
        same_key: fn(&Value, &Value) -> bool,
    ) -> Option<&V> {
        match self {
            Self::Few(entries) => entries
                .iter()
                .find(|(candidate, _)| same_key(key, candidate))
                .map(|(_, value)| value),
            Self::Many(hashed) => hashed.find_by_steps(key, same_key),
        }
    }

    /// The place of a key that is looked up.
    pub(super) fn find_probe(&self, probe: Probed<'_>) -> Option<usize> {
        match (self, probe) {
            (_, Probed::Made(key)) => self.find(&key),
            (_, Probed::Value(key)) => self.find(key),
            (Self::Few(entries), Probed::Str(text)) => {
                entries.iter().position(|(key, _)| matches!(key, Value::Str(key) if key == text))
            }
            (Self::Few(entries), Probed::Bytes(bytes)) => {
                entries.iter().position(|(key, _)| matches!(key, Value::Bytes(key) if key == bytes))
            }
            (Self::Many(hashed), Probed::Str(text)) => {
                hashed.find_by(hash_str(text), |key| is_str(key, text))
            }
            (Self::Many(hashed), Probed::Bytes(bytes)) => {
                hashed.find_by(hash_bytes(bytes), |key| is_bytes(key, bytes))
            }
        }
    }

    /// The place of a key that equals `key`; `None` also for a value that cannot be a key.
    fn find(&self, key: &Value) -> Option<usize> {
        match self {
            Self::Few(entries) => find_few(entries, key).ok().flatten(),
            Self::Many(hashed) => hashed.find(key),
        }
    }

    /// The place of `key`, or the vacancy for it, without checking if it needs an identity.
    pub(super) fn slot(&mut self, key: Value) -> Result<Spot<'_, V>, Unhashable> {
        let mut found = None;
        if let Self::Few(entries) = self {
            found = find_few(entries, &key)?;
            if found.is_none() && (entries.len() >= FEW || !is_plain(&key)) {
                self.hash_all(1);
            }
        }
        Ok(match self {
            Self::Few(entries) => match found {
                Some(index) if index < entries.len() => {
                    let (key, value) = &mut entries[index];
                    Spot::Occupied(Occupied { index, key, value })
                }
                _ => Spot::Vacant(Vacant { space: Space::Few(entries), key }),
            },
            Self::Many(hashed) => match hashed.place(&key)? {
                Place::Occupied { index, key, value } => {
                    Spot::Occupied(Occupied { index, key, value })
                }
                Place::Vacant(vacancy) => Spot::Vacant(Vacant { space: Space::Many(vacancy), key }),
            },
        })
    }

    /// Stores `value` under `key`, which keeps its place if it is there already; returns the place
    /// and the old value.
    ///
    /// An equal key that holds an object is an error: the two may be different to Python, and one
    /// would be lost.
    pub(super) fn insert(&mut self, key: Value, value: V) -> Result<(usize, Option<V>)> {
        match self.slot(key)? {
            Spot::Occupied(entry) if needs_identity(entry.key) => Err(look_alikes()),
            Spot::Occupied(entry) => Ok((entry.index, Some(std::mem::replace(entry.value, value)))),
            Spot::Vacant(vacant) => {
                let index = vacant.index();
                vacant.insert(value);
                Ok((index, None))
            }
        }
    }

    /// Stores a key that is known to be hashable and to equal none that is there.
    pub(super) fn insert_distinct(&mut self, key: Value, value: V) {
        if let Self::Few(entries) = self
            && (entries.len() >= FEW || !is_plain(&key))
        {
            self.hash_all(1);
        }
        match self {
            Self::Few(entries) => entries.push((key, value)),
            Self::Many(hashed) => hashed.insert_distinct(key, value),
        }
    }

    /// Turns a list of few into a hashed table, with room for `additional` more entries.
    #[cold]
    fn hash_all(&mut self, additional: usize) {
        if let Self::Few(entries) = self {
            let entries = std::mem::take(entries);
            // Growth by doubling begins here.
            let capacity = entries.len() + additional.max(entries.len());
            let mut hashed = Box::new(Hashed::with_capacity(capacity));
            for (key, value) in entries {
                hashed.insert_distinct(key, value);
            }
            *self = Self::Many(hashed);
        }
    }

    pub(super) fn remove_index(&mut self, index: usize) -> Option<(Value, V)> {
        match self {
            Self::Few(entries) => (index < entries.len()).then(|| entries.remove(index)),
            Self::Many(hashed) => hashed.remove_index(index),
        }
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Value, &mut V) -> bool) {
        match self {
            Self::Few(entries) => entries.retain_mut(|(key, value)| keep(key, value)),
            Self::Many(hashed) => hashed.retain(keep),
        }
    }

    pub(super) fn reserve(&mut self, additional: usize) {
        match self {
            Self::Few(entries) if entries.len() + additional <= FEW => {
                entries.reserve_exact(additional);
            }
            Self::Few(_) => self.hash_all(additional),
            Self::Many(hashed) => hashed.reserve(additional),
        }
    }
}

/// The place of a key that equals `key` among plain ones.
#[inline]
fn find_few<V>(entries: &[(Value, V)], key: &Value) -> Result<Option<usize>, Unhashable> {
    if let Value::Str(text) = key {
        return Ok(entries
            .iter()
            .position(|(key, _)| matches!(key, Value::Str(key) if key == text)));
    }
    if !is_plain(key) {
        hash_key(key)?;
    }
    Ok(entries.iter().position(|(candidate, _)| equal(key, candidate)))
}

#[cold]
fn look_alikes() -> Error {
    Error::unsupported(
        "two keys are objects that look alike, and only their identity tells them apart: \
         a Graph keeps it, a Value does not",
    )
}

/// The entries in order.
#[derive(Clone, Debug)]
pub(super) enum Iter<'a, V> {
    Few(slice::Iter<'a, (Value, V)>),
    Many(map::Iter<'a, Value, V>),
}

/// The entries in order, the values to be changed.
#[derive(Debug)]
pub(super) enum IterMut<'a, V> {
    Few(slice::IterMut<'a, (Value, V)>),
    Many(map::IterMut<'a, Value, V>),
}

/// The entries of a table that is used up.
#[derive(Debug)]
pub(super) enum IntoIter<V> {
    Few(vec::IntoIter<(Value, V)>),
    Many(map::IntoIter<Value, V>),
}

impl<V> IntoIterator for Table<V> {
    type Item = (Value, V);
    type IntoIter = IntoIter<V>;

    fn into_iter(self) -> IntoIter<V> {
        match self {
            Self::Few(entries) => IntoIter::Few(entries.into_iter()),
            Self::Many(hashed) => IntoIter::Many(hashed.into_map().into_iter()),
        }
    }
}

macro_rules! iterate {
    ($name:ident<$($life:lifetime,)? V>, $item:ty, $entry:pat => $given:expr) => {
        impl<$($life,)? V> Default for $name<$($life,)? V> {
            fn default() -> Self {
                Self::Few(Default::default())
            }
        }

        impl<$($life,)? V> Iterator for $name<$($life,)? V> {
            type Item = $item;

            fn next(&mut self) -> Option<$item> {
                match self {
                    Self::Few(entries) => entries.next().map(|$entry| $given),
                    Self::Many(entries) => entries.next(),
                }
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                match self {
                    Self::Few(entries) => entries.size_hint(),
                    Self::Many(entries) => entries.size_hint(),
                }
            }
        }

        impl<$($life,)? V> DoubleEndedIterator for $name<$($life,)? V> {
            fn next_back(&mut self) -> Option<$item> {
                match self {
                    Self::Few(entries) => entries.next_back().map(|$entry| $given),
                    Self::Many(entries) => entries.next_back(),
                }
            }
        }
    };
}

iterate!(Iter<'a, V>, (&'a Value, &'a V), (key, value) => (key, value));
iterate!(IterMut<'a, V>, (&'a Value, &'a mut V), (key, value) => (&*key, value));
iterate!(IntoIter<V>, (Value, V), entry => entry);

/// The methods that a dict and a set share, with the words of each.
macro_rules! size_methods {
    ($type:ident, $name:literal, $contents:literal) => {
        impl $type {
            #[doc = concat!("An empty ", $name, "; it allocates nothing.")]
            pub const fn new() -> Self {
                Self(Held::new(Table::new()))
            }

            #[doc = concat!("An empty ", $name, " with space for `capacity` ", $contents, ".")]
            pub fn with_capacity(capacity: usize) -> Self {
                Self(Held::new(Table::with_capacity(capacity)))
            }

            #[doc = concat!("The number of ", $contents, ".")]
            pub fn len(&self) -> usize {
                self.0.len()
            }

            #[doc = concat!("Whether there are no ", $contents, ".")]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            #[doc = concat!("Makes space for `additional` more ", $contents, ".")]
            pub fn reserve(&mut self, additional: usize) {
                self.0.to_mut().reserve(additional);
            }

            #[doc = concat!("Removes all ", $contents, ".")]
            pub fn clear(&mut self) {
                self.0 = Held::default();
            }
        }
    };
}

pub(super) use size_methods;
