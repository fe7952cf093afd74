//! Builtin types that serde's data model does not have: [`Set`], [`FrozenSet`], [`ByteArray`],
//! [`Tuple`]; and [`Range`], [`Slice`].
//!
//! The first four are newtypes by private names, which our formats know; see `reduce/token.rs`.

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_derive::{Deserialize, Serialize};

use crate::reduce::token;

/// A wrapper of any collection, by the functions of the `with` module of its name.
macro_rules! newtype {
    ($(#[$doc:meta])* $name:ident, $module:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name<C>(pub C);

        impl<C: Serialize> Serialize for $name<C> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                super::$module::serialize(&self.0, serializer)
            }
        }

        impl<'de, C: Deserialize<'de>> Deserialize<'de> for $name<C> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                super::$module::deserialize(deserializer).map(Self)
            }
        }

        impl<C> std::ops::Deref for $name<C> {
            type Target = C;

            fn deref(&self) -> &C {
                &self.0
            }
        }

        impl<C> std::ops::DerefMut for $name<C> {
            fn deref_mut(&mut self) -> &mut C {
                &mut self.0
            }
        }

        impl<T, C: FromIterator<T>> FromIterator<T> for $name<C> {
            fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
                Self(items.into_iter().collect())
            }
        }
    };
}

newtype! {
    /// Any collection as a Python `set`.
    ///
    /// The content is any collection that serde sees as a sequence: a `HashSet`, a `BTreeSet`, a
    /// `Vec` whose items differ. The elements must be hashable in Python, so a sequence among them
    /// is written as a tuple. It reads a `set` or a `frozenset`, and nothing else. On a field that
    /// has its type already, use `#[serde(with = "serde_pickle::python::set")]`.
    ///
    /// ```
    /// use std::collections::BTreeSet;
    /// use serde_pickle::{Value, python::Set};
    ///
    /// let tags: Set<BTreeSet<&str>> = ["new", "red"].into_iter().collect();
    /// let bytes = serde_pickle::to_vec(&tags)?;
    /// assert_eq!(serde_pickle::from_slice::<Value>(&bytes)?.to_string(), "{'new', 'red'}");
    /// assert_eq!(serde_pickle::from_slice::<Set<BTreeSet<&str>>>(&bytes)?, tags);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    Set, set
}

newtype! {
    /// Any collection as a Python `frozenset`, which may be the key of a dict.
    ///
    /// As [`Set`] in all else; on a field, `#[serde(with = "serde_pickle::python::frozenset")]`.
    ///
    /// ```
    /// use std::collections::{BTreeMap, BTreeSet};
    /// use serde_pickle::{Value, python::FrozenSet};
    ///
    /// let pair: FrozenSet<BTreeSet<u8>> = [1, 2].into_iter().collect();
    /// let weights = BTreeMap::from([(pair, 0.5)]);
    /// let bytes = serde_pickle::to_vec(&weights)?;
    /// let value: Value = serde_pickle::from_slice(&bytes)?;
    /// assert_eq!(value.to_string(), "{frozenset({1, 2}): 0.5}");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    FrozenSet, frozenset
}

newtype! {
    /// Any collection as a Python `tuple`, of a length that is known at run time. A Rust tuple
    /// needs no wrapper.
    ///
    /// It reads any sequence. On a field, use `#[serde(with = "serde_pickle::python::tuple")]`, as
    /// for the positional arguments of a task of Celery or RQ, which must be a tuple of any length.
    ///
    /// ```
    /// use serde_pickle::{Value, python::Tuple};
    ///
    /// let bytes = serde_pickle::to_vec(&Tuple(vec![1, 2, 3]))?;
    /// assert_eq!(serde_pickle::from_slice::<Value>(&bytes)?.to_string(), "(1, 2, 3)");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    Tuple, tuple
}

/// Bytes as a Python `bytearray`.
///
/// It reads any bytes. On a field of type `Vec<u8>`, use
/// `#[serde(with = "serde_pickle::python::bytearray")]`.
///
/// ```
/// use serde_pickle::{Value, python::ByteArray};
///
/// let bytes = serde_pickle::to_vec(&ByteArray(b"spam".to_vec()))?;
/// assert_eq!(serde_pickle::from_slice::<Value>(&bytes)?.to_string(), "bytearray(b'spam')");
/// assert_eq!(&**serde_pickle::from_slice::<ByteArray>(&bytes)?, b"spam");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ByteArray(pub Vec<u8>);

impl Serialize for ByteArray {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        super::bytearray::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for ByteArray {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::bytearray::deserialize(deserializer).map(Self)
    }
}

impl std::ops::Deref for ByteArray {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

/// Serializes content as a newtype by one of our names.
pub(super) fn wrap<T: Serialize + ?Sized, S: Serializer>(
    token: &'static str,
    content: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    debug_assert!(token.starts_with(token::PREFIX));
    serializer.serialize_newtype_struct(token, content)
}

/// Deserializes the content of one.
pub(super) fn unwrap<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    token: &'static str,
    deserializer: D,
) -> Result<T, D::Error> {
    struct ContentVisitor<T>(std::marker::PhantomData<T>);

    impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for ContentVisitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the content of a Python object")
        }

        fn visit_newtype_struct<D: Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<T, D::Error> {
            T::deserialize(deserializer)
        }
    }

    deserializer.deserialize_newtype_struct(token, ContentVisitor(std::marker::PhantomData))
}

/// A Python `range`. It is never expanded: it is three numbers.
///
/// ```
/// use serde_pickle::python::Range;
///
/// let even = Range { start: 0, stop: 10, step: 2 };
/// let bytes = serde_pickle::to_vec(&even)?; // range(0, 10, 2); an xrange for Python 2
/// assert_eq!(serde_pickle::from_slice::<Range>(&bytes)?, even);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Numbers beyond 64 bits, which Python allows, are an error on reading. Source: `range.__reduce__`
/// in `Objects/rangeobject.c` of CPython.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "RangeCall", from = "RangeCall")]
pub struct Range {
    /// The first number.
    pub start: i64,
    /// The number before which it ends.
    pub stop: i64,
    /// From one number to the next; not 0.
    pub step: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "py:builtins:range")]
struct RangeCall(i64, i64, i64);

impl From<Range> for RangeCall {
    fn from(Range { start, stop, step }: Range) -> Self {
        Self(start, stop, step)
    }
}

impl From<RangeCall> for Range {
    fn from(RangeCall(start, stop, step): RangeCall) -> Self {
        Self { start, stop, step }
    }
}

/// A Python `slice`, of ints or of any other type.
///
/// ```
/// use serde_pickle::python::Slice;
///
/// let head = Slice { start: None, stop: Some(10), step: None };
/// let bytes = serde_pickle::to_vec(&head)?; // slice(None, 10, None)
/// assert_eq!(serde_pickle::from_slice::<Slice>(&bytes)?, head);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Source: `slice.__reduce__` in `Objects/sliceobject.c` of CPython.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "SliceCall<T>", from = "SliceCall<T>")]
#[serde(bound(serialize = "T: Clone + Serialize", deserialize = "T: Deserialize<'de>"))]
pub struct Slice<T = i64> {
    /// The first index.
    pub start: Option<T>,
    /// The index before which it ends.
    pub stop: Option<T>,
    /// From one item to the next.
    pub step: Option<T>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "py:builtins:slice")]
struct SliceCall<T>(Option<T>, Option<T>, Option<T>);

impl<T> From<Slice<T>> for SliceCall<T> {
    fn from(Slice { start, stop, step }: Slice<T>) -> Self {
        Self(start, stop, step)
    }
}

impl<T> From<SliceCall<T>> for Slice<T> {
    fn from(SliceCall(start, stop, step): SliceCall<T>) -> Self {
        Self { start, stop, step }
    }
}
