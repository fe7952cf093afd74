//! `Dict`: Python's dict, in insertion order, with Python's idea of which keys are equal.
//!
//! Everything about keys is in `key.rs`, everything about the table in `table.rs`; here is the API,
//! in the manner of `indexmap` and `serde_json::Map`.
//!
//! Two families of methods add entries: those named `try_` take any `Value` as a key and fail if it
//! cannot be one; the others take an [`IntoKey`] type, whose every value can be a key.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops;
use std::sync::Arc;

use super::Value;
use super::held::Held;
use super::iter;
use super::lookup::{IntoKey, Lookup};
use super::table::{Keys, Occupied, Spot, Table, Vacant, size_methods};
use crate::error::Result;

/// A Python `dict`: keys and values in the order in which the keys were first inserted.
///
/// Keys are equal as in Python: `1`, `1.0` and `True` are one key, `"a"` and `b"a"` are two. A
/// later equal key replaces the value and leaves the first key in its place. Lists, dicts, sets and
/// bytearrays cannot be keys, nor can a tuple that contains one.
///
/// ```
/// use serde_pickle::{Dict, Value};
///
/// let mut dict = Dict::new();
/// dict.insert("name", "Ada");
/// dict.insert(1, "int");
/// dict.try_insert((1, "x"), 2.5)?;
/// assert_eq!(dict.insert(true, "bool"), Some(Value::from("int")));
/// assert_eq!(dict.to_string(), "{'name': 'Ada', 1: 'bool', (1, 'x'): 2.5}");
///
/// assert_eq!(dict.get("name"), Some(&Value::from("Ada")));
/// assert_eq!(dict.get(&1.0), Some(&Value::from("bool")));
/// assert_eq!(
///     dict.try_insert(vec![1], 0).unwrap_err().to_string(),
///     "unhashable key: a list",
/// );
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// # NaN
/// A NaN as a key is never found: in Python it equals only the very same object, and a value has no
/// identity. Each NaN that is inserted is an entry of its own, which only iterating reaches.
///
/// # Objects
/// Objects that are keys are found by their content. Python may tell two of them apart that look
/// alike, so [`try_insert`](Self::try_insert) of a second such key is an error rather than a lost
/// entry; [`entry`](Self::entry) is the way to change the value under the first. A `Graph` knows
/// their identity.
///
/// # Equality
/// As in Python, the order of entries does not matter. Keys and values are compared as [`Value`]s
/// are: strictly, so that `{1: 'x'}` is not `{1.0: 'x'}`; see [`Value::python_eq`] for the other
/// way. Entries under keys that equal nothing in Python (a NaN, and what holds one) are compared in
/// their order, so that a dict equals its clone.
#[derive(Default)]
pub struct Dict(pub(super) Held<Value>);

size_methods!(Dict, "dict", "entries");

impl Dict {
    /// The value under `key`: a `&str`, an integer, or any `&Value`.
    pub fn get<Q: Lookup + ?Sized>(&self, key: &Q) -> Option<&Value> {
        self.get_key_value(key).map(|(_, value)| value)
    }

    /// The value under `key`, to be changed.
    ///
    /// ```
    /// use serde_pickle::Dict;
    ///
    /// let mut ages = Dict::with_capacity(2);
    /// ages.reserve(2);
    /// ages.insert("Ada", 36);
    /// ages.insert("Alan", 41);
    /// *ages.get_mut("Ada").unwrap() = 37.into();
    /// assert_eq!((ages.len(), ages.is_empty(), ages.contains_key("Ada")), (2, false, true));
    /// assert_eq!(ages.get_key_value("Ada"), Some((&"Ada".into(), &37.into())));
    /// assert_eq!(ages.get_index_of("Alan"), Some(1));
    /// assert_eq!(ages.get_index(0), Some((&"Ada".into(), &37.into())));
    /// *ages.get_index_mut(1).unwrap().1 = 42.into();
    /// assert_eq!(ages.to_string(), "{'Ada': 37, 'Alan': 42}");
    /// ages.clear();
    /// assert!(ages.is_empty());
    /// ```
    pub fn get_mut<Q: Lookup + ?Sized>(&mut self, key: &Q) -> Option<&mut Value> {
        let index = self.0.find_probe(key.probe())?;
        self.0.to_mut().get_index_mut(index).map(|(_, value)| value)
    }

    /// The entry under `key`; its key is the one that was inserted first.
    pub fn get_key_value<Q: Lookup + ?Sized>(&self, key: &Q) -> Option<(&Value, &Value)> {
        self.0.get_index(self.0.find_probe(key.probe())?)
    }

    /// Returns true if there is an entry under `key`.
    pub fn contains_key<Q: Lookup + ?Sized>(&self, key: &Q) -> bool {
        self.get_index_of(key).is_some()
    }

    /// The place of the entry under `key`, counted from 0.
    pub fn get_index_of<Q: Lookup + ?Sized>(&self, key: &Q) -> Option<usize> {
        self.0.find_probe(key.probe())
    }

    /// The entry at a place.
    pub fn get_index(&self, index: usize) -> Option<(&Value, &Value)> {
        self.0.get_index(index)
    }

    /// The entry at a place, its value to be changed.
    pub fn get_index_mut(&mut self, index: usize) -> Option<(&Value, &mut Value)> {
        self.0.to_mut().get_index_mut(index)
    }

    /// Stores `value` under `key` and returns the value that was there.
    ///
    /// A key that Python may be unable to hash, such as a tuple, needs
    /// [`try_insert`](Self::try_insert); this does not compile:
    ///
    /// ```compile_fail,E0277
    /// serde_pickle::Dict::new().insert((1, 2), "a tuple");
    /// ```
    pub fn insert<K: IntoKey, V: Into<Value>>(&mut self, key: K, value: V) -> Option<Value> {
        // An `IntoKey` is hashable and holds no object.
        self.try_insert(key, value).ok().flatten()
    }

    /// Stores `value` under any `key` and returns the value that was there.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) if the key is not hashable;
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if it holds an object that looks
    /// like one that is there.
    pub fn try_insert<K: Into<Value>, V: Into<Value>>(
        &mut self,
        key: K,
        value: V,
    ) -> Result<Option<Value>> {
        self.insert_full(key.into(), value.into()).map(|(_, old)| old)
    }

    /// As [`try_insert`](Self::try_insert), and also returns the place of the entry.
    ///
    /// A reader of a graph knows by identity that a NaN or an object is a key already: it keeps the
    /// place that it got here for that node, and stores the later value by
    /// [`get_index_mut`](Self::get_index_mut).
    pub(crate) fn insert_full(
        &mut self,
        key: Value,
        value: Value,
    ) -> Result<(usize, Option<Value>)> {
        self.0.to_mut().insert(key, value)
    }

    /// The place of `key` in the dict, for insertion and change.
    ///
    /// ```
    /// use serde_pickle::Dict;
    /// let mut counts = Dict::new();
    /// for word in ["a", "b", "a"] {
    ///     let count = counts.entry(word)?;
    ///     count.and_modify(|n| *n = (n.as_i64().unwrap_or(0) + 1).into()).or_insert(1);
    /// }
    /// assert_eq!(counts.to_string(), "{'a': 2, 'b': 1}");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) if the key is not hashable.
    pub fn entry<K: Into<Value>>(&mut self, key: K) -> Result<Entry<'_>> {
        Ok(match self.0.to_mut().slot(key.into())? {
            Spot::Occupied(entry) => Entry::Occupied(OccupiedEntry(entry)),
            Spot::Vacant(entry) => Entry::Vacant(VacantEntry(entry)),
        })
    }

    /// Removes the entry under `key` and returns its value. The others keep their order, which
    /// takes time linear in their number.
    ///
    /// ```
    /// use serde_pickle::Dict;
    ///
    /// let mut dict = Dict::from([("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5)]);
    /// assert_eq!(dict.remove("a"), Some(1.into()));
    /// assert_eq!(dict.remove_entry("b"), Some(("b".into(), 2.into())));
    /// assert_eq!(dict.remove_index(0), Some(("c".into(), 3.into())));
    /// assert_eq!(dict.pop(), Some(("e".into(), 5.into())));
    /// dict.retain(|key, _| key == "z");
    /// assert!(dict.is_empty());
    /// ```
    pub fn remove<Q: Lookup + ?Sized>(&mut self, key: &Q) -> Option<Value> {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// Removes the entry under `key` and returns it. The others keep their order.
    pub fn remove_entry<Q: Lookup + ?Sized>(&mut self, key: &Q) -> Option<(Value, Value)> {
        self.remove_index(self.get_index_of(key)?)
    }

    /// Removes the entry at a place and returns it. The others keep their order.
    pub fn remove_index(&mut self, index: usize) -> Option<(Value, Value)> {
        self.0.to_mut().remove_index(index)
    }

    /// Removes and returns the last entry: Python's `popitem`.
    pub fn pop(&mut self) -> Option<(Value, Value)> {
        self.remove_index(self.len().checked_sub(1)?)
    }

    /// Keeps the entries for which `keep` returns true.
    pub fn retain(&mut self, keep: impl FnMut(&Value, &mut Value) -> bool) {
        self.0.to_mut().retain(keep);
    }

    /// Stores entries with keys of any kind: Python's `update`.
    ///
    /// ```
    /// use serde_pickle::Dict;
    ///
    /// let mut dict = Dict::try_from_iter([((1, 2), "pair")])?;
    /// dict.try_extend([((3, 4), "another")])?;
    /// assert_eq!(dict.to_string(), "{(1, 2): 'pair', (3, 4): 'another'}");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_insert`](Self::try_insert); the entries before the bad one are in.
    pub fn try_extend<K: Into<Value>, V: Into<Value>>(
        &mut self,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<()> {
        entries.into_iter().try_for_each(|(key, value)| self.try_insert(key, value).map(drop))
    }

    /// A dict of entries with keys of any kind.
    ///
    /// # Errors
    /// As [`try_insert`](Self::try_insert).
    pub fn try_from_iter<K: Into<Value>, V: Into<Value>>(
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self> {
        let mut dict = Self::new();
        dict.try_extend(entries)?;
        Ok(dict)
    }

    /// The entries in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.0.iter())
    }

    /// The entries in order, the values to be changed.
    ///
    /// ```
    /// use serde_pickle::{Dict, Value};
    ///
    /// let mut dict = Dict::from([("a", 1), ("b", 2)]);
    /// for (_, value) in dict.iter_mut() {
    ///     *value = (value.as_i64().unwrap() * 10).into();
    /// }
    /// dict.values_mut().for_each(|value| *value = Value::List(vec![value.take()]));
    /// assert_eq!(dict.values().map(|value| value.to_string()).collect::<String>(), "[10][20]");
    /// assert_eq!(dict.keys().chain(dict.iter().map(|(key, _)| key)).count(), 4);
    /// ```
    pub fn iter_mut(&mut self) -> IterMut<'_> {
        IterMut(self.0.to_mut().iter_mut())
    }

    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator + Clone {
        self.iter().map(|(key, _)| key)
    }

    /// The values in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator + Clone {
        self.iter().map(|(_, value)| value)
    }

    /// The values in order, to be changed.
    pub fn values_mut(
        &mut self,
    ) -> impl DoubleEndedIterator<Item = &mut Value> + ExactSizeIterator {
        self.iter_mut().map(|(_, value)| value)
    }

    pub(super) fn table(&self) -> &Table<Value> {
        &self.0
    }

    /// A dict of keys that other dicts have as well, each with the value at its place.
    pub(crate) fn shaped(keys: Arc<Keys>, values: Box<[Value]>) -> Self {
        Self(Held::new(Table::shaped(keys, values)))
    }

    /// The same dict, whose clones are references to it until one of them is changed.
    pub(super) fn shared(self) -> Self {
        Self(self.0.share())
    }

    /// Another reference to a shared dict; `None` for one that is not shared.
    #[inline(always)]
    pub(super) fn reference(&self) -> Option<Self> {
        self.0.reference().map(Self)
    }

    /// The address by which clones of a shared dict are known; `None` where it is not shared.
    pub(crate) fn shared_address(&self) -> Option<usize> {
        self.0.address()
    }
}

/// A place in a [`Dict`], from [`Dict::entry`].
///
/// ```
/// use serde_pickle::value::Entry;
/// use serde_pickle::{Dict, Value};
///
/// let mut dict = Dict::from([("a", 1)]);
/// match dict.entry("a")? {
///     Entry::Occupied(entry) => assert_eq!(entry.get(), &Value::from(1)),
///     Entry::Vacant(_) => unreachable!(),
/// }
/// let entry = dict.entry("b")?;
/// assert_eq!(entry.key(), &Value::from("b"));
/// entry.and_modify(|value| *value = 0.into()).or_insert_with(|| 2.into());
/// dict.entry("c")?.or_insert(3);
/// assert_eq!(dict.to_string(), "{'a': 1, 'b': 2, 'c': 3}");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Debug)]
pub enum Entry<'a> {
    /// The key is there.
    Occupied(OccupiedEntry<'a>),
    /// The key is not there.
    Vacant(VacantEntry<'a>),
}

/// A place in a [`Dict`] that holds an entry.
///
/// ```
/// use serde_pickle::Dict;
/// use serde_pickle::value::Entry;
///
/// let mut dict = Dict::from([("a", 1)]);
/// if let Entry::Occupied(mut entry) = dict.entry("a")? {
///     assert_eq!((entry.key(), entry.get()), (&"a".into(), &1.into()));
///     *entry.get_mut() = 2.into();
///     assert_eq!(entry.insert(3).as_i64(), Some(2));
///     *entry.into_mut() = 4.into();
/// }
/// assert_eq!(dict.get("a"), Some(&4.into()));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub struct OccupiedEntry<'a>(Occupied<'a, Value>);

/// A place in a [`Dict`] that holds nothing yet.
///
/// ```
/// use serde_pickle::Dict;
/// use serde_pickle::value::Entry;
///
/// let mut dict = Dict::new();
/// if let Entry::Vacant(entry) = dict.entry((1, 2))? {
///     assert_eq!(entry.key().to_string(), "(1, 2)");
///     entry.insert("pair");
/// }
/// assert_eq!(dict.to_string(), "{(1, 2): 'pair'}");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub struct VacantEntry<'a>(Vacant<'a, Value>);

impl<'a> Entry<'a> {
    /// The key: the one in the dict if there is one.
    pub fn key(&self) -> &Value {
        match self {
            Self::Occupied(entry) => entry.key(),
            Self::Vacant(entry) => entry.key(),
        }
    }

    /// Changes the value that is there.
    #[must_use]
    pub fn and_modify(mut self, change: impl FnOnce(&mut Value)) -> Self {
        if let Self::Occupied(entry) = &mut self {
            change(entry.get_mut());
        }
        self
    }

    /// The value that is there, or else `default`, stored.
    pub fn or_insert<V: Into<Value>>(self, default: V) -> &'a mut Value {
        self.or_insert_with(|| default.into())
    }

    /// The value that is there, or else the result of `default`, stored.
    pub fn or_insert_with(self, default: impl FnOnce() -> Value) -> &'a mut Value {
        match self {
            Self::Occupied(entry) => entry.into_mut(),
            Self::Vacant(entry) => entry.insert(default()),
        }
    }
}

impl<'a> OccupiedEntry<'a> {
    /// The key in the dict.
    pub fn key(&self) -> &Value {
        self.0.key
    }

    /// The value.
    pub fn get(&self) -> &Value {
        self.0.value
    }

    /// The value, to be changed.
    pub fn get_mut(&mut self) -> &mut Value {
        self.0.value
    }

    /// The value, to be changed, for as long as the dict is borrowed.
    pub fn into_mut(self) -> &'a mut Value {
        self.0.value
    }

    /// Stores a value and returns the one that was there.
    pub fn insert<V: Into<Value>>(&mut self, value: V) -> Value {
        std::mem::replace(self.0.value, value.into())
    }
}

impl<'a> VacantEntry<'a> {
    /// The key that was asked for.
    pub fn key(&self) -> &Value {
        &self.0.key
    }

    /// Stores a value under the key.
    pub fn insert<V: Into<Value>>(self, value: V) -> &'a mut Value {
        self.0.insert(value.into())
    }
}

impl fmt::Debug for OccupiedEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedEntry").field("key", self.key()).field("value", self.get()).finish()
    }
}

impl fmt::Debug for VacantEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(self.key()).finish()
    }
}

impl<K: IntoKey, V: Into<Value>> FromIterator<(K, V)> for Dict {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut dict = Self::new();
        dict.extend(entries);
        dict
    }
}

impl<K: IntoKey, V: Into<Value>> Extend<(K, V)> for Dict {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        let entries = entries.into_iter();
        // As in the standard library: the announced number, or half of it where keys may repeat.
        let known = entries.size_hint().0;
        self.reserve(if self.is_empty() { known } else { known.div_ceil(2) });
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: IntoKey, V: Into<Value>, const N: usize> From<[(K, V); N]> for Dict {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K: IntoKey, V: Into<Value>, S> From<HashMap<K, V, S>> for Dict {
    fn from(map: HashMap<K, V, S>) -> Self {
        map.into_iter().collect()
    }
}

impl<K: IntoKey, V: Into<Value>> From<BTreeMap<K, V>> for Dict {
    fn from(map: BTreeMap<K, V>) -> Self {
        map.into_iter().collect()
    }
}

impl<Q: Lookup + ?Sized> ops::Index<&Q> for Dict {
    type Output = Value;

    /// # Panics
    /// If there is no such key, as with any map; [`get`](Dict::get) does not.
    #[expect(clippy::expect_used, reason = "indexing a map panics, which its documentation says")]
    fn index(&self, key: &Q) -> &Value {
        self.get(key).expect("no entry under this key")
    }
}

/// The entries of a [`Dict`], from [`Dict::iter`].
///
/// ```
/// let dict = serde_pickle::Dict::from([("a", 1), ("b", 2)]);
/// let mut entries: serde_pickle::value::DictIter<'_> = dict.iter();
/// assert_eq!(entries.next_back(), Some((&"b".into(), &2.into())));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Iter<'a>(iter::Iter<'a, Value>);

/// The entries of a [`Dict`] with values to be changed, from [`Dict::iter_mut`].
///
/// ```
/// let mut dict = serde_pickle::Dict::from([("a", 1)]);
/// let mut entries: serde_pickle::value::DictIterMut<'_> = dict.iter_mut();
/// *entries.next().unwrap().1 = 2.into();
/// assert_eq!(dict.get("a"), Some(&2.into()));
/// ```
#[derive(Debug, Default)]
pub struct IterMut<'a>(iter::IterMut<'a, Value>);

/// The entries of a [`Dict`] that is used up.
///
/// ```
/// let dict = serde_pickle::Dict::from([("a", 1), ("b", 2)]);
/// let mut entries: serde_pickle::value::DictIntoIter = dict.into_iter();
/// assert_eq!(entries.next(), Some(("a".into(), 1.into())));
/// ```
#[derive(Debug, Default)]
pub struct IntoIter(iter::IntoIter<Value>);

macro_rules! iterate {
    ($name:ident $(<$life:lifetime>)?, $item:ty, $entry:pat => $given:expr) => {
        impl $(<$life>)? Iterator for $name $(<$life>)? {
            type Item = $item;

            fn next(&mut self) -> Option<$item> {
                self.0.next().map(|$entry| $given)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.0.size_hint()
            }
        }

        impl $(<$life>)? DoubleEndedIterator for $name $(<$life>)? {
            fn next_back(&mut self) -> Option<$item> {
                self.0.next_back().map(|$entry| $given)
            }
        }

        impl $(<$life>)? ExactSizeIterator for $name $(<$life>)? {}

        impl $(<$life>)? std::iter::FusedIterator for $name $(<$life>)? {}
    };
}
pub(super) use iterate;

iterate!(Iter<'a>, (&'a Value, &'a Value), entry => entry);
iterate!(IterMut<'a>, (&'a Value, &'a mut Value), entry => entry);
iterate!(IntoIter, (Value, Value), entry => entry);

impl<'a> IntoIterator for &'a Dict {
    type Item = (&'a Value, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut Dict {
    type Item = (&'a Value, &'a mut Value);
    type IntoIter = IterMut<'a>;

    fn into_iter(self) -> IterMut<'a> {
        self.iter_mut()
    }
}

impl IntoIterator for Dict {
    type Item = (Value, Value);
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter(self.0.into_iter())
    }
}
