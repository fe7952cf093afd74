//! The iterators over a table, which keep the order of its entries.

use std::iter::Zip;
use std::ops::Range;
use std::sync::Arc;
use std::{fmt, slice, vec};

use indexmap::map;

use super::Value;
use super::table::{Keys, Shaped, Table};

/// Shared keys in order.
#[derive(Clone)]
pub(super) struct KeyIter<'a> {
    pub(super) keys: &'a Keys,
    pub(super) places: Range<usize>,
}

/// Clones of shared keys in order.
pub(super) struct OwnedKeys {
    keys: Arc<Keys>,
    places: Range<usize>,
}

macro_rules! iterate_keys {
    ($name:ident [$($life:lifetime)?], $item:ty, $given:expr) => {
        impl $(<$life>)? Iterator for $name<$($life)?> {
            type Item = $item;

            fn next(&mut self) -> Option<$item> {
                self.places.next().and_then(|place| self.keys.get(place)).map($given)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.places.size_hint()
            }
        }

        impl $(<$life>)? DoubleEndedIterator for $name<$($life)?> {
            fn next_back(&mut self) -> Option<$item> {
                self.places.next_back().and_then(|place| self.keys.get(place)).map($given)
            }
        }

        impl $(<$life>)? ExactSizeIterator for $name<$($life)?> {}

        impl $(<$life>)? fmt::Debug for $name<$($life)?> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.places).finish()
            }
        }
    };
}

iterate_keys!(KeyIter ['a], &'a Value, |key| key);
iterate_keys!(OwnedKeys [], Value, Value::clone);

/// The entries in order.
#[derive(Clone, Debug)]
pub(super) enum Iter<'a, V> {
    Few(slice::Iter<'a, (Value, V)>),
    Many(map::Iter<'a, Value, V>),
    Shaped(Zip<KeyIter<'a>, slice::Iter<'a, V>>),
}

/// The entries in order, the values to be changed.
#[derive(Debug)]
pub(super) enum IterMut<'a, V> {
    Few(slice::IterMut<'a, (Value, V)>),
    Many(map::IterMut<'a, Value, V>),
    Shaped(Zip<KeyIter<'a>, slice::IterMut<'a, V>>),
}

/// The entries of a table that is used up.
#[derive(Debug)]
pub(super) enum IntoIter<V> {
    Few(vec::IntoIter<(Value, V)>),
    Many(map::IntoIter<Value, V>),
    Shaped(Zip<OwnedKeys, vec::IntoIter<V>>),
}

impl<V> IntoIterator for Table<V> {
    type Item = (Value, V);
    type IntoIter = IntoIter<V>;

    fn into_iter(self) -> IntoIter<V> {
        match self {
            Self::Few(entries) => IntoIter::Few(entries.into_iter()),
            Self::Many(hashed) => IntoIter::Many(hashed.into_map().into_iter()),
            Self::Shaped(shaped) => {
                let Shaped { keys, values } = *shaped;
                let places = 0..keys.len();
                IntoIter::Shaped(OwnedKeys { keys, places }.zip(values.into_vec()))
            }
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
                    Self::Shaped(entries) => entries.next(),
                }
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                match self {
                    Self::Few(entries) => entries.size_hint(),
                    Self::Many(entries) => entries.size_hint(),
                    Self::Shaped(entries) => entries.size_hint(),
                }
            }
        }

        impl<$($life,)? V> DoubleEndedIterator for $name<$($life,)? V> {
            fn next_back(&mut self) -> Option<$item> {
                match self {
                    Self::Few(entries) => entries.next_back().map(|$entry| $given),
                    Self::Many(entries) => entries.next_back(),
                    Self::Shaped(entries) => entries.next_back(),
                }
            }
        }
    };
}

iterate!(Iter<'a, V>, (&'a Value, &'a V), (key, value) => (key, value));
iterate!(IterMut<'a, V>, (&'a Value, &'a mut V), (key, value) => (&*key, value));
iterate!(IntoIter<V>, (Value, V), entry => entry);
