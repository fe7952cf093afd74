//! The table behind `Dict` and `Set`: keys in insertion order, each with a value or with nothing.
//!
//! Most dicts are records: a few names. Comparing a key with each of them takes less time than
//! hashing it, and a list takes two blocks of memory less per dict. So a table begins as a list of
//! at most [`FEW`] entries, whose keys are of kinds that are cheap to compare ([`is_plain`]); with
//! more keys, or another kind of key, it becomes [`Hashed`], for good.
//!
//! Records come in thousands with the same keys. Where a reader finds that they do, their tables
//! share the keys and have only values of their own: [`Shaped`]. The first key that comes or goes
//! makes such a table one of the others.

use std::sync::Arc;

use super::Value;
use super::equal::equal;
use super::hashed::{Hashed, Place, Vacancy};
use super::iter::{Iter, IterMut, KeyIter};
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
    /// All keys are text.
    Shaped(Box<Shaped<V>>),
}

/// The keys of tables, as a table of their own: never a shaped one.
pub(crate) struct Keys(Table<()>);

/// A table whose keys are shared with others.
pub(super) struct Shaped<V> {
    pub(super) keys: Arc<Keys>,
    /// As many as there are keys, in their order. With more or fewer the table is not shaped.
    pub(super) values: Box<[V]>,
}

impl Keys {
    /// The most keys that are shared: those of a record.
    pub(crate) const MOST: usize = 64;

    /// These texts as keys, if there are at most [`MOST`](Self::MOST) and no two are equal.
    pub(crate) fn of<'a>(texts: impl ExactSizeIterator<Item = &'a str>) -> Option<Arc<Self>> {
        let len = texts.len();
        let mut keys = Table::with_capacity(len);
        for text in texts.take(Self::MOST) {
            keys.insert(Value::from(text), ()).ok()?;
        }
        (keys.len() == len).then(|| Arc::new(Self(keys)))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Value> {
        self.0.get_index(index).map(|(key, ())| key)
    }

    fn iter(&self) -> KeyIter<'_> {
        KeyIter { keys: self, places: 0..self.len() }
    }
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

    /// A table of these keys, each with the value at its place.
    pub(super) fn shaped(keys: Arc<Keys>, values: Box<[V]>) -> Self {
        debug_assert_eq!(keys.len(), values.len());
        Self::Shaped(Box::new(Shaped { keys, values }))
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Few(entries) => entries.len(),
            Self::Many(hashed) => hashed.len(),
            Self::Shaped(shaped) => shaped.values.len(),
        }
    }

    pub(super) fn iter(&self) -> Iter<'_, V> {
        match self {
            Self::Few(entries) => Iter::Few(entries.iter()),
            Self::Many(hashed) => Iter::Many(hashed.iter()),
            Self::Shaped(shaped) => Iter::Shaped(shaped.keys.iter().zip(shaped.values.iter())),
        }
    }

    pub(super) fn iter_mut(&mut self) -> IterMut<'_, V> {
        match self {
            Self::Few(entries) => IterMut::Few(entries.iter_mut()),
            Self::Many(hashed) => IterMut::Many(hashed.iter_mut()),
            Self::Shaped(shaped) => {
                let Shaped { keys, values } = &mut **shaped;
                IterMut::Shaped(keys.iter().zip(values))
            }
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
            Self::Many(hashed) => hashed.unstable(),
            Self::Few(_) | Self::Shaped(_) => 0,
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
            Self::Shaped(shaped) => shaped.keys.0.sum(),
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
            Self::Shaped(shaped) => shaped.keys.get(index).zip(shaped.values.get(index)),
        }
    }

    pub(super) fn get_index_mut(&mut self, index: usize) -> Option<(&Value, &mut V)> {
        match self {
            Self::Few(entries) => entries.get_mut(index).map(|(key, value)| (&*key, value)),
            Self::Many(hashed) => hashed.get_index_mut(index),
            Self::Shaped(shaped) => {
                let Shaped { keys, values } = &mut **shaped;
                keys.get(index).zip(values.get_mut(index))
            }
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
            Self::Shaped(shaped) => {
                let place = (0..shaped.keys.len())
                    .find(|&place| shaped.keys.get(place).is_some_and(|own| same_key(key, own)))?;
                shaped.values.get(place)
            }
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
            (Self::Shaped(shaped), probe) => shaped.keys.0.find_probe(probe),
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
            Self::Shaped(shaped) => shaped.keys.0.find(key),
        }
    }

    /// The place of `key`, or the vacancy for it, without checking if it needs an identity.
    pub(super) fn slot(&mut self, key: Value) -> Result<Spot<'_, V>, Unhashable> {
        let mut found = None;
        if let Self::Shaped(shaped) = self {
            found = shaped.keys.0.find(&key);
            if found.is_none() {
                self.unshape(1);
            }
        }
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
            Self::Shaped(shaped) => {
                let Shaped { keys, values } = &mut **shaped;
                // The key was found there just now, and there are as many values.
                let index = found.unwrap_or_default();
                let key = keys.get(index).unwrap_or(&Value::None);
                Spot::Occupied(Occupied { index, key, value: &mut values[index] })
            }
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
        self.unshape(1);
        if let Self::Few(entries) = self
            && (entries.len() >= FEW || !is_plain(&key))
        {
            self.hash_all(1);
        }
        match self {
            Self::Few(entries) => entries.push((key, value)),
            Self::Many(hashed) => hashed.insert_distinct(key, value),
            // It has become one of the others.
            Self::Shaped(_) => {}
        }
    }

    /// Gives a table that shares its keys its own, with room for `additional` more entries.
    fn unshape(&mut self, additional: usize) {
        if let Self::Shaped(shaped) = self {
            let (keys, values) = (Arc::clone(&shaped.keys), std::mem::take(&mut shaped.values));
            *self = Self::with_capacity(keys.len() + additional);
            for (place, value) in values.into_iter().enumerate() {
                if let Some(key) = keys.get(place) {
                    self.insert_distinct(key.clone(), value);
                }
            }
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
        self.unshape(0);
        match self {
            Self::Few(entries) => (index < entries.len()).then(|| entries.remove(index)),
            Self::Many(hashed) => hashed.remove_index(index),
            Self::Shaped(_) => None,
        }
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Value, &mut V) -> bool) {
        self.unshape(0);
        match self {
            Self::Few(entries) => entries.retain_mut(|(key, value)| keep(key, value)),
            Self::Many(hashed) => hashed.retain(keep),
            Self::Shaped(_) => {}
        }
    }

    pub(super) fn reserve(&mut self, additional: usize) {
        match self {
            Self::Few(entries) if entries.len() + additional <= FEW => {
                entries.reserve_exact(additional);
            }
            Self::Few(_) => self.hash_all(additional),
            Self::Many(hashed) => hashed.reserve(additional),
            Self::Shaped(_) => self.unshape(additional),
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
