//! `Set`: Python's set and frozenset, with Python's idea of which elements are equal.
//!
//! The mirror of `dict.rs` without values. Python's sets have no order; ours keeps that of
//! insertion, so that writing one twice gives the same bytes.

use super::Value;
use super::held::Held;
use super::iter;
use super::lookup::{IntoKey, Lookup};
use super::table::{Table, size_methods};
use crate::error::Result;

/// The elements of a Python `set` or `frozenset`, in the order in which they were first inserted.
///
/// Elements are equal, found and refused as the keys of a [`Dict`](crate::Dict) are.
///
/// ```
/// use serde_pickle::{Set, Value};
///
/// let mut set = Set::from_iter([3, 1, 3]);
/// assert_eq!(set.len(), 2);
/// assert!(set.contains(&3.0));
/// assert!(set.try_insert("x")?);
/// assert!(set.try_insert(Value::List(vec![])).is_err());
/// assert_eq!(Value::Set(set.clone()).to_string(), "{3, 1, 'x'}");
/// assert_eq!(Value::FrozenSet(set).to_string(), "frozenset({3, 1, 'x'})");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Two sets are equal if they have the same elements in any order, compared strictly as [`Value`]s
/// are. Elements that equal nothing in Python (a NaN, and what holds one) are compared in their
/// order, so that a set equals its clone.
#[derive(Default)]
pub struct Set(pub(super) Held<()>);

size_methods!(Set, "set", "elements");

impl Set {
    /// Returns true if `element`, a `&str`, an integer or any `&Value`, is in the set.
    pub fn contains<Q: Lookup + ?Sized>(&self, element: &Q) -> bool {
        self.get_index_of(element).is_some()
    }

    /// The element that equals `element`: the one that was inserted first.
    ///
    /// ```
    /// use serde_pickle::Set;
    ///
    /// let mut set = Set::new();
    /// set.reserve(2);
    /// assert!(set.insert(1) && !set.insert(1.0) && set.insert("a"));
    /// assert_eq!(set.get(&1.0), Some(&1.into())); // the one that was inserted first
    /// assert_eq!((set.get_index_of("a"), set.get_index(1)), (Some(1), Some(&"a".into())));
    /// assert_eq!(set.iter().len(), 2);
    /// set.clear();
    /// assert!(set.is_empty());
    /// ```
    pub fn get<Q: Lookup + ?Sized>(&self, element: &Q) -> Option<&Value> {
        self.get_index(self.get_index_of(element)?)
    }

    /// The place of `element`, counted from 0.
    pub fn get_index_of<Q: Lookup + ?Sized>(&self, element: &Q) -> Option<usize> {
        self.0.find_probe(element.probe())
    }

    /// The element at a place.
    pub fn get_index(&self, index: usize) -> Option<&Value> {
        self.0.get_index(index).map(|(element, ())| element)
    }

    /// Adds an element; returns true if it is new.
    pub fn insert<K: IntoKey>(&mut self, element: K) -> bool {
        // An `IntoKey` is hashable and holds no object.
        self.try_insert(element).unwrap_or(false)
    }

    /// Adds any value; returns true if it is new.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) if the value is not hashable;
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if it holds an object that looks
    /// like one that is there.
    pub fn try_insert<K: Into<Value>>(&mut self, element: K) -> Result<bool> {
        Ok(self.0.to_mut().insert(element.into(), ())?.1.is_none())
    }

    /// Removes `element`; returns true if it was there. The others keep their order, which takes
    /// time linear in their number.
    ///
    /// ```
    /// use serde_pickle::Set;
    ///
    /// let mut set = Set::from([1, 2, 3, 4]);
    /// assert!(set.remove(&1) && !set.remove(&1));
    /// assert_eq!((set.take(&2), set.pop()), (Some(2.into()), Some(4.into())));
    /// set.retain(|element| element.as_i64() != Some(3));
    /// assert!(set.is_empty());
    /// ```
    pub fn remove<Q: Lookup + ?Sized>(&mut self, element: &Q) -> bool {
        self.take(element).is_some()
    }

    /// Removes `element` and returns it. The others keep their order.
    pub fn take<Q: Lookup + ?Sized>(&mut self, element: &Q) -> Option<Value> {
        let index = self.get_index_of(element)?;
        self.0.to_mut().remove_index(index).map(|(element, ())| element)
    }

    /// Removes and returns the last element.
    pub fn pop(&mut self) -> Option<Value> {
        let last = self.len().checked_sub(1)?;
        self.0.to_mut().remove_index(last).map(|(element, ())| element)
    }

    /// Keeps the elements for which `keep` returns true.
    pub fn retain(&mut self, mut keep: impl FnMut(&Value) -> bool) {
        self.0.to_mut().retain(|element, ()| keep(element));
    }

    /// Returns true if every element is in `other`.
    ///
    /// ```
    /// use serde_pickle::Set;
    ///
    /// assert!(Set::from([1, 2]).is_subset(&Set::from([3, 2, 1])));
    /// ```
    pub fn is_subset(&self, other: &Self) -> bool {
        self.len() <= other.len() && self.iter().all(|element| other.contains(element))
    }

    /// Adds values of any kind.
    ///
    /// ```
    /// use serde_pickle::Set;
    ///
    /// let mut set = Set::with_capacity(2);
    /// set.try_extend([(1, 2), (3, 4)])?;
    /// assert_eq!(set, Set::try_from_iter([(3, 4), (1, 2)])?);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_insert`](Self::try_insert); the elements before the bad one are in.
    pub fn try_extend<K: Into<Value>>(
        &mut self,
        elements: impl IntoIterator<Item = K>,
    ) -> Result<()> {
        elements.into_iter().try_for_each(|element| self.try_insert(element).map(drop))
    }

    /// A set of values of any kind.
    ///
    /// # Errors
    /// As [`try_insert`](Self::try_insert).
    pub fn try_from_iter<K: Into<Value>>(elements: impl IntoIterator<Item = K>) -> Result<Self> {
        let mut set = Self::new();
        set.try_extend(elements)?;
        Ok(set)
    }

    /// The elements in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.0.iter())
    }

    pub(super) fn table(&self) -> &Table<()> {
        &self.0
    }

    /// The same set, whose clones are references to it until one of them is changed.
    pub(super) fn shared(self) -> Self {
        Self(self.0.share())
    }

    /// Another reference to a shared set; `None` for one that is not shared.
    #[inline(always)]
    pub(super) fn reference(&self) -> Option<Self> {
        self.0.reference().map(Self)
    }

    /// The address by which clones of a shared set are known; `None` where it is not shared.
    pub(crate) fn shared_address(&self) -> Option<usize> {
        self.0.address()
    }
}

impl<K: IntoKey> FromIterator<K> for Set {
    fn from_iter<I: IntoIterator<Item = K>>(elements: I) -> Self {
        let mut set = Self::new();
        set.extend(elements);
        set
    }
}

impl<K: IntoKey> Extend<K> for Set {
    fn extend<I: IntoIterator<Item = K>>(&mut self, elements: I) {
        let elements = elements.into_iter();
        // As in the standard library: the announced number, or half of it where elements may
        // repeat.
        let known = elements.size_hint().0;
        self.reserve(if self.is_empty() { known } else { known.div_ceil(2) });
        for element in elements {
            self.insert(element);
        }
    }
}

impl<K: IntoKey, const N: usize> From<[K; N]> for Set {
    fn from(elements: [K; N]) -> Self {
        elements.into_iter().collect()
    }
}

/// The elements of a [`Set`], from [`Set::iter`].
///
/// ```
/// let set = serde_pickle::Set::from([1, 2]);
/// let mut elements: serde_pickle::value::SetIter<'_> = set.iter();
/// assert_eq!(elements.next_back(), Some(&2.into()));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Iter<'a>(iter::Iter<'a, ()>);

/// The elements of a [`Set`] that is used up.
///
/// ```
/// let elements: serde_pickle::value::SetIntoIter = serde_pickle::Set::from([1, 2]).into_iter();
/// assert_eq!(elements.len(), 2);
/// ```
#[derive(Debug, Default)]
pub struct IntoIter(iter::IntoIter<()>);

super::dict::iterate!(Iter<'a>, &'a Value, (element, ()) => element);
super::dict::iterate!(IntoIter, Value, (element, ()) => element);

impl<'a> IntoIterator for &'a Set {
    type Item = &'a Value;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl IntoIterator for Set {
    type Item = Value;
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter(self.0.into_iter())
    }
}
